# SPDX-License-Identifier: MIT
"""coppicectl prints tables for people and JSON for programs, and its exit code says how it went."""

import json
import os
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
    assert "absent.sock" in done.stderr


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
