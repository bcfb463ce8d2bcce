# SPDX-License-Identifier: MIT
"""More and fewer workers, at any time, and no client notices."""

import signal

import pytest

from clients import Load
from waiting import wait_until

SPREAD = {"drain_spread": "100ms"}


def counts(server):
    row = server.status("web")
    return row["workers_ready"], row["workers_wanted"]


def has(server, workers):
    wait_until(lambda: len(server.workers()) == workers, f"there are {workers} workers")
    wait_until(lambda: counts(server) == (workers, workers), "all of them are ready")


@pytest.mark.parametrize("mix", [{}, {"threads": 2}, {"model": "processes"}], ids=["async", "loops", "processes"])
def test_connection_per_request_fails_never(serve, mix):
    server = serve({"web": {**mix, "workers": 2}}, supervision=SPREAD)
    with Load(server.address(), clients=4, keep_alive=False) as load:
        for workers in (4, 1, 3, 1, 2):
            enough = load.total() + 100
            server.data("scale", pool="web", workers=workers)
            has(server, workers)
            wait_until(lambda: load.total() > enough, "clients get answers")
    assert load.failures() == []
    server.counts(load.total(), "requests")
    assert server.status("web")["crashes"] == 0


def test_busy_connection_is_told_to_close_and_loses_nothing(serve):
    """A client that asks without a pause always has a request in flight when the drain comes."""
    server = serve({"web": {"app": "wait", "workers": 2}}, supervision={"drain_spread": "1s"})
    with Load(server.address(), clients=8, path="/20") as load:
        for workers in (1, 2):
            server.data("scale", pool="web", workers=workers)
            has(server, workers)
    assert load.failures() == []
    server.reaches(load.total(), "requests")


def test_scale_answers_what_changed(serve):
    server = serve({"web": {"workers": 2}})
    data = server.data("scale", pool="web", workers="+1")
    assert (data["workers_before"], data["workers_wanted"]) == (2, 3)
    data = server.data("scale", pool="web", workers="-2")
    assert (data["workers_before"], data["workers_wanted"]) == (3, 1)
    has(server, 1)
    done = server.ctl("scale", "web", "4", "--wait")
    assert done.returncode == 0 and counts(server) == (4, 4)
    assert "pool web" in done.stdout and "wanted 4" in done.stdout
    assert "4 workers wanted instead of 1, by uid" in server.logged()


def test_signals_add_and_remove_a_worker(serve):
    server = serve()
    server.signal(signal.SIGTTIN)
    has(server, 2)
    server.signal(signal.SIGTTOU)
    has(server, 1)
    server.signal(signal.SIGTTOU)
    wait_until(lambda: "expected 1 to" in server.logged(), "the last worker is not given away")
    assert server.get().status == 200


def test_pool_with_reuse_port_grows_and_refuses_to_shrink(serve):
    server = serve({"web": {"reuse_port": True, "workers": 1}})
    server.data("scale", pool="web", workers=3)
    has(server, 3)
    assert "can only grow" in server.ctl("scale", "web", "1").stderr
    for _ in range(30):
        assert server.get().status == 200
    assert counts(server) == (3, 3)
