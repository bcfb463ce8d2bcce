# SPDX-License-Identifier: MIT
"""The control socket answers whoever asks, however badly, and nobody there can hold up the master or each other."""

import contextlib
import json
import os
import stat
import subprocess

import pytest

from schema import mismatches
from waiting import DEADLINE, wait_until

CLIENTS_MAX = 32
COMMANDS = {"status", "workers", "stats", "scale", "stop", "help", "schema"} | {
    "tasks",
    "dump",
    "profile",
    "loglevel",
    "reopen",
    "reload",
}


@pytest.fixture(name="server")
def server_fixture(serve):
    return serve({"web": {"workers": 2}, "blocking": {"tasks": 1, "threads": 2}})


@pytest.fixture(name="control")
def control_fixture(server):
    with server.control() as control:
        yield control


def test_text_reply_ends_with_an_empty_line(control):
    for line in ["status", "  workers\t--pool   web ", "stats", "help", "schema status"]:
        reply = control.text(line)
        assert reply.endswith("\n") and "\n\n" not in reply
    assert "coppice" in control.text("status")


@pytest.mark.parametrize("line", [b"status\n", b"status"], ids=["whole", "without its end"])
def test_nc_gets_a_reply(server, line):
    command = ["nc", "-N", "-U", server.socket]
    reply = subprocess.run(command, input=line, capture_output=True, timeout=DEADLINE, check=True).stdout
    assert reply.startswith(b"coppice ") and reply.endswith(b"\n\n")


def test_json_reply_bears_the_id_of_its_request(control):
    for request_id in (7, "seven", 2**40):
        reply = control.json(id=request_id, command="status")
        assert reply["id"] == request_id and reply["ok"] is True
    reply = control.json(id=8, command="nonsense")
    assert reply["id"] == 8 and reply["ok"] is False and "nonsense" in reply["error"]
    assert "id" not in control.json(command="status")


def test_lines_that_come_together_are_answered_in_order(control):
    control.send(b"".join(b'{"id":%d,"command":"status"}\n' % i for i in range(50)))
    assert [json.loads(control.reader.readline())["id"] for _ in range(50)] == list(range(50))


def test_line_that_comes_in_pieces_is_answered(control):
    for byte in b'{"id":1,"command":"status"}\n':
        control.send(bytes([byte]))
    assert json.loads(control.reader.readline())["ok"]


@pytest.mark.parametrize(
    "line, what",
    [
        ("nonsense", 'unknown command "nonsense", expected one of `help`'),
        ("scale", "missing argument"),
        ("scale web", "missing argument"),
        ("scale web 1 2", "unexpected argument"),
        ("scale web many", "expected a number"),
        ("scale web 0", "expected 1 to"),
        ("scale web -2", "expected 1 to"),
        ("scale web -3", "has only 2 workers"),
        ("scale web 100000", "expected"),
        ("scale absent 1", 'there is no pool "absent"'),
        ("status --nonsense", "unknown option"),
        ("stats --pool", "no value after"),
        ("stats --pool absent", "there is no pool"),
        ("stats --pool web --worker 9", "no worker in slot 9"),
        ("stats --worker 0", "--pool"),
        ("stats --rate 10ms", "expected 100ms to 1m"),
        ("stats --rate 5", "expected a duration"),
        ("help nonsense", "unknown command"),
        ("a " * 40, "more than 32 words"),
    ],
)
def test_wrong_command_is_refused_with_the_reason(control, line, what):
    reply = control.text(line)
    assert reply.startswith("error: ") and what in reply, reply
    assert "coppice" in control.text("status")


@pytest.mark.parametrize(
    "line",
    ["{", "{}", "{]", '{"command":5}', '{"command":null}', "{" * 5000]
    + ['{"command":"status","args":%s}' % args for args in ("5", '"x"', "[5]", "{}", '["--nonsense"]')]
    + ['{"command":"scale","pool":"web","workers":%s}' % workers for workers in ("[]", "true", "1.5", '"x"', "-3")],
)
def test_json_rubbish_is_refused_in_json(control, line):
    control.send(line.encode() + b"\n")
    reply = json.loads(control.reader.readline())
    assert reply["ok"] is False and reply["error"]
    assert control.json(command="status")["ok"]


RUBBISH = [bytes(range(1, 256)).replace(b"\n", b""), b"\xff\xfe", b"\0", b"status\0", b'{"command":"status\0"}']


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_binary_rubbish_is_refused(control, rubbish):
    control.send(rubbish + b"\n")
    reply = control.reader.readline()
    assert b"unknown command" in reply or b"not JSON" in reply
    if not rubbish.startswith(b"{"):
        assert control.reader.readline() == b"\n"
    assert control.text("status").startswith("coppice")


def test_line_without_an_end_is_refused(server):
    with server.control() as control:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            control.send(b"x" * 1_000_000)
        with contextlib.suppress(ConnectionResetError):
            assert control.reader.read() == b"error: a line has at most 65536 bytes\n\n"
    assert server.status()["state"] == "ok"


def test_empty_lines_are_no_commands(control):
    control.send(b"\n \n\r\n")
    assert control.text("status\r").startswith("coppice")


def test_clients_beyond_the_limit_are_told_and_others_served_on(server):
    clients = [server.control() for _ in range(CLIENTS_MAX)]
    for client in clients:
        assert client.json(command="status")["ok"]
    with server.control() as late:
        assert late.reader.read() == b"error: too many clients\n\n"
    for client in clients:
        assert client.json(command="status")["ok"]
        client.close()
    wait_until(lambda: is_let_in(server), "there is room again")


def is_let_in(server):
    with server.control() as control, contextlib.suppress(OSError):
        return control.text("status").startswith("coppice")


def test_client_that_never_reads_holds_up_nobody(server):
    with server.control() as silent:
        silent.socket.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            while True:
                silent.send(b"stats\n" * 1000)
        for _ in range(20):
            assert server.status()["state"] == "ok"
        assert server.get().status == 200
    assert server.status()["state"] == "ok"


def test_client_that_leaves_before_its_reply_is_forgotten(server):
    for _ in range(2 * CLIENTS_MAX):
        with server.control() as control:
            control.send(b"stats\n" * 10)
    wait_until(lambda: is_let_in(server), "there is room")


def test_file_is_there_while_the_server_is(server):
    assert stat.S_IMODE(os.stat(server.socket).st_mode) == 0o660
    server.stop()
    assert not os.path.exists(server.socket)


def test_every_command_answers_as_its_schema_says(control):
    schemas = control.data("schema")["schemas"]
    assert set(schemas) == COMMANDS
    answers = {name: control.data(name) for name in ("status", "workers", "stats", "help", "schema")}
    answers |= {name: control.data(name) for name in ("tasks", "reopen")}
    answers["dump"] = control.data("dump", worker="web/0")
    answers["profile"] = control.data("profile", worker="web/0", **{"for": "10ms"})
    answers["loglevel"] = control.data("loglevel", level="info")
    answers["scale"] = control.data("scale", pool="web", workers="+1")
    answers["reload"] = control.data("reload")
    answers["stop"] = control.data("stop")
    assert set(answers) == COMMANDS
    for name, data in answers.items():
        assert mismatches(data, schemas[name]) == []


def test_vacant_slot_and_worker_answer_as_the_schema_says(server, control):
    schemas = control.data("schema")["schemas"]
    for _ in range(3):
        os.kill(wait_until(lambda: next(iter(server.worker_pids("blocking")), None), "there is a worker"), 9)
        assert mismatches(control.data("workers", memory=True), schemas["workers"]) == []
        assert mismatches(control.data("status"), schemas["status"]) == []
    assert mismatches(control.data("stats", pool="web", worker=0), schemas["stats"]) == []


def test_help_lists_every_command(control):
    assert {row["usage"].split()[0] for row in control.data("help")["commands"]} == COMMANDS
    text = control.text("help")
    assert all(f"\n{name} " in text for name in COMMANDS)


def test_totals_of_workers_add_up_to_their_pools(server, control):
    for _ in range(20):
        assert server.get().status == 200
    server.reaches(20, "requests")
    parts = [control.data("stats", pool="web", worker=str(i))["pools"][0]["metrics"]["requests"] for i in range(2)]
    assert sum(parts) == 20
