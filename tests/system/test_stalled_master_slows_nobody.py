# SPDX-License-Identifier: MIT
"""A master that stands still delays no request, and what its workers counted meanwhile is not lost."""

import os
import signal

import pytest

from clients import Load
from waiting import wait_until

# Enough loops and reports to fill a pipe in a moment.
CHATTY = {"web": {"threads": 16, "tasks": 100}}
OFTEN = {"report_interval": "10ms"}


def io_counts(pid):
    """wchar: bytes that write(2) took; syscw: its calls, refused ones included. Only the report pipe is written so."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return {name: int(value) for name, value in (line.split(": ") for line in file)}


def fill_pipe(pid):
    """Wait until the worker's reports are refused, many in a row."""
    seen = io_counts(pid)

    def is_refused():
        now = io_counts(pid)
        if now["wchar"] != seen["wchar"]:
            seen.update(now)
        return now["syscw"] >= seen["syscw"] + 50

    wait_until(is_refused, "the report pipe is full")


@pytest.fixture(name="stalled")
def stalled_fixture(serve):
    server = serve(CHATTY, supervision=OFTEN)
    address, pid = server.address(), server.worker_pids()[0]
    with Load(address, clients=4) as load:
        wait_until(lambda: load.total() > 100, "clients get answers")
        server.signal(signal.SIGSTOP)
        fill_pipe(pid)
        enough = load.total() + 1000
        wait_until(lambda: load.total() > enough, "clients still get answers")
    return server, pid, load


def test_requests_are_answered_and_counted(stalled):
    server, pid, load = stalled
    assert load.failures() == []
    server.signal(signal.SIGCONT)
    server.reaches(load.total(), "requests")
    metrics = server.metrics()
    assert metrics["requests"] == load.total()
    assert metrics["reports_dropped"] > 0
    assert server.worker_pids() == [pid], "a worker that could not report was taken for a broken one"


def test_worker_that_died_meanwhile_is_counted_in_full(stalled):
    server, pid, load = stalled
    os.kill(pid, signal.SIGKILL)
    server.signal(signal.SIGCONT)
    server.replaces(pid)
    assert server.metric("requests") == load.total()


def test_stop_after_a_stall_is_clean(stalled):
    server, _, _ = stalled
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    assert server.exit_code() == 0
    assert server.pids() == []
