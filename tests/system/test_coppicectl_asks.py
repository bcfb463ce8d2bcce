# SPDX-License-Identifier: MIT
"""coppicectl prints tables for people and JSON for programs, and its exit code says how it went."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest

from server import COPPICECTL
from waiting import DEADLINE, wait_until

OK, REFUSED, USAGE, NO_SERVER, TIMED_OUT = range(5)


def run(*words, **environment):
    return subprocess.run(
        [COPPICECTL, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_status_is_a_table_for_people(serve):
    server = serve({"web": {"workers": 2}, "echo": {"app": "echo", "model": "processes", "workers": 3}})
    wait_until(lambda: server.status("echo")["connections_limit"] == 3, "each worker has reported")
    done = server.ctl("status")
    assert (done.returncode, done.stderr) == (OK, "")
    first, head, *rows = done.stdout.splitlines()
    assert first.startswith("coppice ") and " state ok " in first and server.config in first
    assert head.split() == "POOL APP LISTEN MODEL WORKERS CONNS REQ/S P50 P99 ERR LAG QUEUE".split()
    web, echo = rows[0].split(), rows[1].split()
    assert web[:2] == ["web", "hello"] and web[3:6] == ["hybrid", "2/2", "0/20000"]
    assert echo[:2] == ["echo", "echo"] and echo[3:6] == ["processes", "3/3", "0/3"]
    assert web[2] == "%s:%d" % server.address()


def test_workers_are_a_row_each(serve):
    server = serve({"web": {"workers": 2}})
    head, *rows = server.ctl("workers").stdout.splitlines()
    assert head.split()[:5] == ["POOL", "SLOT", "PID", "GEN", "STATE"]
    assert [int(row.split()[2]) for row in rows if row] == server.worker_pids()


def test_memory_is_measured_when_asked_for(serve):
    server = serve({"web": {"workers": 2}})
    plain = json.loads(server.ctl("--json", "workers").stdout)["workers"][0]
    asked = json.loads(server.ctl("--json", "workers", "--memory").stdout)["workers"][0]
    assert plain["pss_bytes"] is None and asked["pss_bytes"] > 0 and asked["private_bytes"] > 0


def test_json_is_what_the_socket_says(serve):
    server = serve({"web": {}, "other": {}})
    data = json.loads(server.ctl("--json", "stats", "--pool", "other").stdout)
    assert [pool["pool"] for pool in data["pools"]] == ["other"]
    assert data["pools"][0]["metrics"].keys() == server.metrics().keys()


def test_stats_are_readable(serve):
    server = serve()
    assert server.get().status == 200
    server.reaches(1, "requests")
    lines = server.ctl("stats").stdout.splitlines()
    assert ["requests", "1"] in [line.split()[:2] for line in lines]


def test_rates_are_measured_over_the_time_asked_for(serve):
    server = serve()
    asking = subprocess.Popen(
        [COPPICECTL, "--socket", server.socket, "--json", "stats", "--rate", "1s"], stdout=subprocess.PIPE, text=True
    )
    for _ in range(10):
        assert server.get().status == 200
    server.reaches(10, "requests")
    began = server.data("stats")["time_ns"]
    data = json.loads(asking.communicate(timeout=DEADLINE)[0])
    assert asking.returncode == OK and data["time_ns"] > began
    pool = data["pools"][0]
    assert pool["metrics"]["requests"] == 10 and 0 < pool["rates"]["requests"] <= 10


def test_help_lists_all_commands(serve):
    text = serve().ctl("help").stdout
    for name in ("status", "workers", "stats", "scale", "stop", "help", "schema"):
        assert f"\n{name} " in text


def test_refusal_is_1_with_the_reason_on_stderr(serve):
    server = serve()
    for words in (["nonsense"], ["scale", "absent", "1"], ["scale"]):
        done = server.ctl(*words)
        assert (done.returncode, done.stdout) == (REFUSED, "")
        assert done.stderr.startswith("coppicectl: ")


@pytest.mark.parametrize("words", ["--nonsense status", "--socket", "--timeout soon status", "--timeout -1 status"])
def test_wrong_usage_is_2(words):
    done = run(*words.split())
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "usage: coppicectl" in done.stderr


def test_no_server_is_3(tmp_path):
    done = run("--socket", f"{tmp_path}/absent.sock", "status")
    assert (done.returncode, done.stdout) == (NO_SERVER, "")
    assert "absent.sock" in done.stderr and "--config" not in done.stderr
    done = run("status", RUNTIME_DIRECTORY=str(tmp_path))
    assert done.returncode == NO_SERVER and "--socket PATH or --config FILE" in done.stderr


def test_empty_answer_is_said_to_be_one(serve):
    done = serve().ctl("profile", "web/0", "--for", "10ms")
    assert (done.returncode, done.stdout) == (OK, "")
    assert "nothing was seen" in done.stderr


def test_no_answer_is_4(tmp_path):
    path = f"{tmp_path}/silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        done = run("--socket", path, "--timeout", "0.1", "status")
    assert (done.returncode, done.stdout) == (TIMED_OUT, "")


def test_stalled_master_is_a_timeout(serve):
    server = serve()
    server.signal(signal.SIGSTOP)
    assert server.ctl("--timeout", "0.2", "status").returncode == TIMED_OUT
    server.signal(signal.SIGCONT)
    assert server.ctl("status").returncode == OK


def test_server_that_closes_early_is_1(serve):
    server = serve()
    clients = [server.control() for _ in range(32)]
    wait_until(lambda: clients[-1].json(command="status")["ok"], "all places are taken")
    done = server.ctl("status")
    assert done.returncode == REFUSED and "too many clients" in done.stderr
    for client in clients:
        client.close()


def test_socket_is_found_in_the_configuration_or_the_run_directory(serve):
    server = serve()
    assert run("--config", server.config, "status").stdout.startswith("coppice ")
    assert run("status", RUNTIME_DIRECTORY=str(server.folder)).stdout.startswith("coppice ")


def test_usage_is_printed_when_asked_for():
    for words in ([], ["--help"], ["-h"]):
        done = run(*words)
        assert done.returncode == OK and "usage: coppicectl" in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["web", "+1", "--help"]])
def test_help_of_a_command_is_the_servers_word_for_it(serve, words):
    done = serve().ctl("scale", *words)
    assert done.returncode == OK and "scale POOL" in done.stdout
    assert len(done.stdout.splitlines()) == 2, "a head, and the one command"


def test_help_without_a_server_says_where_else_it_is(tmp_path):
    done = run("--socket", str(tmp_path / "none"), "status", "--help")
    assert done.returncode == NO_SERVER and "coppice help commands" in done.stderr


@pytest.mark.parametrize(
    "words, meant",
    [(["statsu"], "status"), (["stats", "--pol", "web"], "pool"), (["stats", "--pool", "wbe"], "web")],
)
def test_slip_of_the_pen_is_answered_with_what_was_meant(serve, words, meant):
    done = serve().ctl(*words)
    assert done.returncode == REFUSED and f'(did you mean "{meant}"?)' in done.stderr


@pytest.mark.parametrize("words", [["status"], ["--json", "stats"]])
def test_answer_that_cannot_be_written_is_a_failure(serve, words):
    server = serve()
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COPPICECTL, "--socket", server.socket, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    assert done.returncode == REFUSED and "cannot write" in done.stderr


def test_no_tasks_are_told_in_words(serve):
    assert serve().ctl("tasks").stdout.startswith("no tasks")


def test_last_reload_and_last_failure_have_lines_of_their_own(serve):
    server = serve()
    with open(server.config, "a", encoding="utf-8") as file:
        file.write("nonsense: 1\n")
    assert server.ctl("reload").returncode == REFUSED
    lines = server.ctl("status").stdout.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("last")] == [["last", "reload"], ["last", "failure"]]


def test_shares_of_a_processor_have_digits_that_mean_something(serve):
    server = serve()
    wait_until(lambda: server.workers()[0]["cpu_ratio"], "the worker has reported")
    head, row = (line.split() for line in server.ctl("workers").stdout.splitlines()[:2])
    assert re.fullmatch(r"(<0\.01|\d\d+|\d(\.\d\d?)?)%", row[head.index("CPU")])


def test_options_may_stand_after_the_command(serve):
    server = serve()
    done = run("stats", "--json", "--pool", "web", "--timeout", "20", "--socket", server.socket)
    assert done.returncode == OK and json.loads(done.stdout)["pools"][0]["pool"] == "web"
    assert run("status", "--timeout").returncode == USAGE
