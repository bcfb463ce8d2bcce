# SPDX-License-Identifier: MIT
"""The log says what happened, in whole lines, where and how it was asked for."""

import json
import os
import re
import signal

from waiting import wait_until

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info |warn |error) \S+\[\d+\] .+")


def test_each_line_says_when_how_bad_and_who(serve):
    server = serve({"web": {"workers": 2}}, log={"level": "debug"})
    pid = server.worker_pids()[0]
    os.kill(pid, signal.SIGKILL)
    server.replaces(pid)
    server.stop()
    lines = server.logged().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert "serves" in server.logged() and "died of SIGKILL" in server.logged()
    assert lines[-1].endswith("stopped")


def test_json_lines_parse(serve):
    server = serve(log={"format": "json"})
    server.stop()
    entries = [json.loads(line) for line in server.logged().splitlines()]
    assert any("is ready" in entry["message"] for entry in entries)


def test_level_keeps_the_rest_out(serve):
    server = serve(log={"level": "error"})
    server.stop()
    assert server.logged() == ""


def test_file_that_was_moved_away_is_reopened_on_usr1(serve, tmp_path):
    path = tmp_path / "log"
    server = serve(log={"output": str(path)})
    old = path.rename(tmp_path / "log.1")
    server.signal(signal.SIGUSR1)
    wait_until(path.exists, "the log is opened anew")
    wait_until(lambda: "reopened" in path.read_text(encoding="utf-8"), "the master logs there")
    size = old.stat().st_size
    server.stop()
    assert old.stat().st_size == size
    assert "stopped" in path.read_text(encoding="utf-8")


def test_watchdog_tells_the_file_that_was_opened_anew(serve, tmp_path):
    path = tmp_path / "log"
    server = serve({"web": {"app": "burn", "slow_task": "50ms"}}, log={"output": str(path)})
    path.rename(tmp_path / "log.1")
    server.signal(signal.SIGUSR1)
    wait_until(path.exists, "the log is opened anew")
    wait_until(lambda: server.get("/300").status == 200 and "holds its loop" in path.read_text(encoding="utf-8"),
               "the watchdog logs there")


def test_announcement_names_addresses_and_what_to_try(serve):
    server = serve({"web": {}, "echo": {"app": "echo"}})
    host, port = server.address("web")
    assert f"try: curl http://{host}:{port}/" in server.logged()
    host, port = server.address("echo")
    assert f"try: nc {host} {port}" in server.logged()
    assert f"coppicectl --socket {server.socket} status" in server.logged()
