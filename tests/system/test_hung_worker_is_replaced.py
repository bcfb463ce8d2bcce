# SPDX-License-Identifier: MIT
"""A worker that stands still is seen, named, ended and replaced; one that is merely busy or stopped with all is not."""

import os
import signal
import time

import pytest

from server import freeze
from waiting import wait_until

QUICK = {"hang_warn": "100ms", "hang_timeout": "1s", "hang_grace": "100ms"}
PATIENT = {"hang_warn": "100ms", "hang_timeout": "1h"}


def test_frozen_worker_is_ended_and_replaced(serve):
    server = serve({"web": {"workers": 2}}, supervision=QUICK)
    frozen, other = server.worker_pids()
    assert server.get().status == 200
    server.reaches(1, "requests")
    freeze(frozen)
    server.replaces(frozen)
    assert other in server.worker_pids()
    last = [row["last"] for row in server.workers() if row["pid"] != other][0]
    assert "hung" in last
    log = server.logged()
    assert f"pid {frozen}) loop 0: no beat for" in log and "hangs in" in log
    assert server.get().status == 200
    server.reaches(2, "requests")


@pytest.mark.parametrize("words", [["dump", "web/0"], ["profile", "web/0", "--for", "1m"]])
def test_hung_worker_is_not_asked_but_its_slot(serve, words):
    server = serve({"web": {"app": "burn"}}, supervision=PATIENT)
    client = server.client()
    client.ask("/block/20000")
    wait_until(lambda: server.workers()[0]["beat_age_ns"] > 1_100_000_000, "its beat grows old")
    began = time.monotonic()
    done = server.ctl(*words)
    assert time.monotonic() - began < 5
    assert done.returncode == 1
    assert 'worker web/0' in done.stderr and '"GET /block/20000" has held its loop for' in done.stderr


def test_worker_that_stands_still_without_a_task_has_no_beat(serve):
    server = serve(supervision=PATIENT)
    freeze(server.worker_pids()[0])
    done = server.ctl("dump", "web/0")
    assert done.returncode == 1 and "does not answer: no beat for" in done.stderr


def test_hang_shows_in_workers_while_it_lasts(serve):
    server = serve(supervision=PATIENT)
    pid = server.worker_pids()[0]
    freeze(pid)
    wait_until(lambda: server.workers()[0]["beat_age_ns"] > 200_000_000, "its beat grows old")
    wait_until(lambda: server.status("web")["hangs"] == 1, "the hang is counted")
    assert f"pid {pid}) loop 0: no beat for" in server.logged()
    assert str(pid) in server.ctl("workers").stdout
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: server.workers()[0]["beat_age_ns"] < 100_000_000, "it beats again")
    assert server.worker_pids() == [pid]
    assert server.get().status == 200


def test_whole_server_that_was_stopped_goes_on(serve):
    """As after a suspended machine: old beats are nobody's fault."""
    server = serve({"web": {"workers": 2}}, supervision={**QUICK, "hang_timeout": "200ms"})
    pids = server.worker_pids()
    for pid in [server.process.pid, *pids]:
        freeze(pid)
    age = os.times().elapsed
    wait_until(lambda: os.times().elapsed - age > 1.5, "beats are old")
    for pid in [*pids, server.process.pid]:
        os.kill(pid, signal.SIGCONT)
    assert server.get().status == 200
    wait_until(lambda: server.status()["uptime_ns"] > 0, "the master is back")
    beats = server.metric("loop_polls")
    wait_until(lambda: server.metric("loop_polls") > beats + 10, "the loops turn")
    assert server.worker_pids() == pids


def test_waiting_requests_are_no_hang(serve):
    server = serve({"web": {"app": "wait"}, "blocking": {"app": "wait", "tasks": 1}}, supervision=QUICK)
    pids = server.worker_pids(), server.worker_pids("blocking")
    with server.client() as one, server.client("blocking") as other:
        one.ask("/1500")
        other.ask("/1500")
        assert one.answer().status == other.answer().status == 200
    assert (server.worker_pids(), server.worker_pids("blocking")) == pids
    assert server.status("web")["hangs"] == 0


def test_worker_that_never_becomes_ready_is_ended(serve):
    server = serve(supervision={"start_timeout": "200ms"})
    pid = server.worker_pids()[0]
    os.kill(pid, signal.SIGKILL)
    server.replaces(pid)
    assert server.get().status == 200
