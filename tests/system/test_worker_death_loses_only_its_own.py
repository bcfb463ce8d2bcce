# SPDX-License-Identifier: MIT
"""A worker that dies takes its own connections with it: no other connection, no count, no queued client."""

import os
import signal

import pytest

from clients import Client, Load
from server import freeze
from waiting import wait_until


def owner(server, before):
    """The pid of the worker that has one connection more than before."""

    def find():
        rows = server.workers()
        return next((row["pid"] for row in rows if row["connections"] == before.get(row["pid"], 0) + 1), None)

    return wait_until(find, "a worker has the connection")


def test_other_workers_connections_live_on(serve):
    server = serve({"web": {"app": "echo", "workers": 2}})
    clients, owners = [], []
    while len(set(owners)) < 2:
        before = {row["pid"]: row["connections"] for row in server.workers()}
        clients.append(server.client())
        assert clients[-1].echoes(b"hello")
        owners.append(owner(server, before))
    os.kill(owners[0], signal.SIGKILL)
    for client, pid in zip(clients, owners):
        assert client.is_closed() if pid == owners[0] else client.echoes(b"still here")
    server.replaces(owners[0])
    with server.client() as client:
        assert client.echoes(b"anew")


@pytest.mark.parametrize("workers", [1, 2])
def test_connection_that_was_not_accepted_yet_is_served_by_another(serve, workers):
    """One worker: the successor finds it in the queue, which is the master's."""
    server = serve({"web": {"workers": workers}})
    pids = server.worker_pids()
    for pid in pids:
        freeze(pid)
    with server.client() as client:
        client.ask()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert client.answer().status == 200


@pytest.mark.parametrize("model", [{"tasks": 1000}, {"tasks": 1}, {"threads": 2}])
def test_kill_under_load_loses_no_count(serve, model):
    """What clients got is counted, though the worker died before it could report; totals never go back."""
    server = serve({"web": {"workers": 2, **model}, "other": {}})
    kills, last = 5, 0
    with Load(server.address(), clients=8) as load, Load(server.address("other"), clients=2) as bystanders:
        for _ in range(kills):
            enough = load.total() + 200
            wait_until(lambda: load.total() > enough, "clients get answers")
            total = server.metric("requests")
            assert total >= last
            last = total
            victim = max(server.workers(), key=lambda row: row["connections"] or 0)["pid"]
            os.kill(victim, signal.SIGKILL)
            server.replaces(victim)
    lost = len(load.failures())
    assert 0 < lost <= 8 * kills
    assert bystanders.failures() == []
    server.reaches(load.total(), "requests")
    assert server.metric("requests") <= load.total() + lost
    server.counts(bystanders.total(), "requests", "other")
    assert server.status("web")["crashes"] == kills


def test_connection_per_request_loses_at_most_what_the_dead_had(serve):
    server = serve({"web": {"workers": 2}})
    with Load(server.address(), clients=4, keep_alive=False) as load:
        wait_until(lambda: load.total() > 100, "clients get answers")
        victim = server.worker_pids()[0]
        os.kill(victim, signal.SIGKILL)
        server.replaces(victim)
        enough = load.total() + 100
        wait_until(lambda: load.total() > enough, "clients go on")
    assert len(load.failures()) <= 4
    assert all("refused" not in failure for failure in load.failures())


def test_totals_of_the_dead_stay(serve):
    server = serve()
    with server.client() as client:
        for _ in range(7):
            client.get()
        server.reaches(7, "requests")
        pid = server.worker_pids()[0]
        os.kill(pid, signal.SIGKILL)
        server.replaces(pid)
    assert server.metric("requests") == 7
    assert server.metric("connections") == 0
    assert server.get().status == 200
    server.reaches(8, "requests")
    assert Client(server.address()).get().status == 200
