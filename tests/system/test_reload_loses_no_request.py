# SPDX-License-Identifier: MIT
"""A reload replaces every worker, and no client notices."""

import os
import signal
import subprocess
import threading

import pytest

from clients import Client, Load
from server import COPPICECTL, freeze
from waiting import DEADLINE, wait_until

MIXES = {"async": {}, "loops": {"threads": 2}, "processes": {"model": "processes"}, "threads": {"model": "threads"}}
WAITS = {"app": "wait", "workers": 1}


def only_one_is_left(server):
    wait_until(lambda: len(server.generations()) == 1, "the generations before have left")


def listening(port):
    """The inodes of the sockets that listen on a port."""
    with open("/proc/net/tcp", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    return {row[9] for row in rows[1:] if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def refused(address):
    try:
        Client(address).close()
        return False
    except (ConnectionRefusedError, FileNotFoundError):
        return True


def in_flight(server, path, pool="web"):
    """A client whose request a worker is busy with."""
    before = server.metric("bytes_in", pool)
    client = server.client(pool)
    client.ask(path)
    server.reaches(before + len(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"), "bytes_in", pool)
    return client


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_connection_per_request_fails_never(serve, mix):
    """And the counters are exact: a request that was answered is counted once, whoever answered it."""
    server = serve({"web": {"workers": 2, **mix}}, supervision={"drain_spread": "50ms"})
    generation = server.status()["generation"]
    with Load(server.address(), clients=6, keep_alive=False) as load:
        for _ in range(20):
            enough = load.total() + 50
            generation += 1
            assert server.reload()["generation"] == generation
            wait_until(lambda: load.total() > enough, "clients get answers")
    assert load.failures() == []
    only_one_is_left(server)
    server.counts(load.total(), "requests")
    assert server.status("web")["crashes"] == 0


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_kept_alive_connection_is_told_to_close(serve, mix):
    """Who asks without a pause has a request in flight when the drain comes, or soon: that is answered with close."""
    mix = {"workers": 8, **mix} if mix.get("model") == "processes" else mix
    mix = {**mix, "threads": 8} if mix.get("model") == "threads" else mix
    server = serve({"web": {"app": "wait", "workers": 2, **mix}}, supervision={"drain_spread": "1s"})
    with Load(server.address(), clients=6, path="/20") as load:
        for _ in range(5):
            enough = load.total() + 20
            server.reload()
            wait_until(lambda: load.total() > enough, "clients get answers")
    assert load.failures() == []
    only_one_is_left(server)
    server.counts(load.total(), "requests")


def holds(pid, inodes):
    """Does a process have one of these sockets open? One that is gone has none."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") in wanted for fd in os.listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("mix", [{}, {"threads": 2}], ids=["async", "loops"])
def test_client_that_asks_on_is_told_before_it_is_closed(serve, mix):
    supervision = {"drain_spread": "20s", "kill_timeout": "10ms", "beat_interval": "1s"}
    server = serve({"web": {"workers": 1, **mix}}, supervision=supervision)
    inodes = listening(server.address()[1])

    def is_told():
        """Not so, if it takes us too long to ask again."""
        with server.client() as client:
            assert client.get().status == 200
            pid = server.worker_pids()[-1]
            server.reload()
            wait_until(lambda: not holds(pid, inodes), "the old worker drains")
            try:
                return client.get().headers.get("connection") == "close"
            except ConnectionError:
                return False

    wait_until(is_told, "the second answer says close")


def test_totals_never_go_back(serve):
    server = serve({"web": {"workers": 2}})
    is_over = threading.Event()
    seen = []

    def look():
        while not is_over.is_set():
            seen.append(server.metric("requests"))

    observer = threading.Thread(target=look)
    with Load(server.address(), clients=4, keep_alive=False) as load:
        observer.start()
        for _ in range(10):
            enough = load.total() + 50
            server.reload()
            wait_until(lambda: load.total() > enough, "clients get answers")
        is_over.set()
        observer.join()
    assert seen == sorted(seen) and len(seen) > 10
    server.counts(load.total(), "requests")


def test_listening_sockets_are_the_same(serve, tmp_path):
    listen = ["127.0.0.1:0", f"unix:{tmp_path}/web.sock"]
    server = serve({"web": {"listen": listen}})
    address, path = server.address(), server.address(which=1)
    before = listening(address[1]), os.stat(path).st_ino
    server.reload({"web": {"listen": [*listen, "[::1]:0"], "workers": 3}})
    assert (listening(address[1]), os.stat(path).st_ino) == before
    assert len(before[0]) == 1 and server.address() == address
    for which in range(3):
        with server.client(which=which) as client:
            assert client.get().status == 200


@pytest.mark.parametrize("tasks", [100, 1])
def test_request_in_flight_is_answered_while_the_next_generation_serves(serve, tasks):
    server = serve({"web": {**WAITS, "tasks": tasks}})
    with in_flight(server, "/1000") as client:
        server.reload()
        assert len(server.generations()) == 2
        assert server.get("/0").status == 200
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert client.is_closed()
    only_one_is_left(server)


@pytest.mark.parametrize("tasks", [100, 1])
def test_idle_connection_is_closed(serve, tasks):
    server = serve({"web": {"tasks": tasks}})
    with server.client() as client:
        assert client.get().status == 200
        server.reload()
        assert client.is_closed()


@pytest.mark.parametrize("tasks", [100, 1])
def test_generation_that_does_not_drain_is_stopped_at_its_deadline(serve, tasks):
    server = serve({"web": {**WAITS, "tasks": tasks}}, supervision={"drain_timeout": "100ms"})
    with in_flight(server, "/60000") as client:
        server.reload()
        assert b"200 OK" not in client.reader.read()
    only_one_is_left(server)


def test_worker_that_does_not_leave_is_killed(serve):
    server = serve(supervision={"drain_timeout": "50ms", "kill_timeout": "50ms"})
    freeze(server.worker_pids()[0])
    server.reload()
    only_one_is_left(server)
    assert "died of SIGKILL (asked by the master: reloaded)" in server.logged()


def test_third_generation_waits_for_the_oldest_to_leave(serve):
    server = serve(supervision={"drain_timeout": "1h", "kill_timeout": "100ms"})
    for generation in (1, 2):
        freeze(server.worker_pids()[-1])
        assert server.reload()["generation"] == generation + 1
    assert set(server.generations()) == {1, 2, 3}
    assert server.reload()["generation"] == 4
    assert {2, 4} <= set(server.generations()) <= {2, 3, 4}
    assert "first, generation 1 has to leave" in server.logged()


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_clients_that_wait_at_an_address_that_goes_are_answered(serve, mix):
    """They are in the queue, and nobody has accepted them yet."""
    server = serve({"web": {**mix, "workers": 1}, "other": {}})
    address = server.address()
    pid = server.worker_pids()[0]
    freeze(pid)
    clients = [Client(address) for _ in range(20)]
    for client in clients:
        client.ask()
    server.reload({"other": {}})
    os.kill(pid, signal.SIGCONT)
    for client in clients:
        assert client.answer().status == 200
        assert client.is_closed()
        client.close()
    wait_until(lambda: refused(address), "later ones are refused")
    assert server.get(pool="other").status == 200


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_clients_that_wait_when_the_server_stops_are_answered(serve, mix):
    server = serve({"web": {**mix, "workers": 1}})
    pid = server.worker_pids()[0]
    freeze(pid)
    clients = [server.client() for _ in range(20)]
    for client in clients:
        client.ask()
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.status()["state"] == "stopping", "it stops")
    os.kill(pid, signal.SIGCONT)
    for client in clients:
        assert client.answer().status == 200
        client.close()
    assert server.exit_code() == 0


def test_address_comes_back_while_the_old_generation_drains(serve):
    server = serve({"web": WAITS, "other": {}}, supervision={"drain_timeout": "1h"})
    address = server.address()
    with in_flight(server, "/60000"):
        server.reload({"other": {}})
        wait_until(lambda: refused(address), "its port is closed")
        server.reload({"web": {"listen": f"127.0.0.1:{address[1]}"}, "other": {}})
        assert server.get().status == 200
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGINT)
    assert server.exit_code() == 0


@pytest.mark.parametrize("after", MIXES.values(), ids=MIXES)
@pytest.mark.parametrize("before", MIXES.values(), ids=MIXES)
def test_model_changes_under_load(serve, before, after):
    """A socket that blocks is taken over by loops that may not wait, and the other way round."""
    server = serve({"web": {"workers": 2, **before}})
    with Load(server.address(), clients=4, keep_alive=False) as load:
        for mix in (after, before):
            enough = load.total() + 50
            server.reload({"web": {"workers": 2, **mix}})
            wait_until(lambda: load.total() > enough, "clients get answers")
    assert load.failures() == []
    server.counts(load.total(), "requests")


def test_pool_with_reuse_port_shrinks_and_grows(serve):
    """The sockets of slots that are gone are served by those that stay."""
    pool = {"reuse_port": True}
    server = serve({"web": {**pool, "workers": 4}})
    port = server.address()[1]
    with Load(server.address(), clients=4, keep_alive=False) as load:
        for workers in (1, 3, 5, 2):
            enough = load.total() + 100
            server.reload({"web": {**pool, "workers": workers}})
            wait_until(lambda: load.total() > enough, "clients get answers")
    assert load.failures() == []
    assert len(listening(port)) == 5


def test_storm_of_hups_costs_no_request_and_the_last_configuration_counts(serve):
    server = serve({"web": {"workers": 2}}, supervision={"drain_spread": "20ms"})
    most = 0
    with Load(server.address(), clients=4, keep_alive=False) as load:
        for i in range(300):
            server.signal(signal.SIGHUP)
            if i % 50 == 0:
                most = max(most, len(server.generations()))
        server.configure({"web": {"workers": 3}}, supervision={"drain_spread": "20ms"})
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.status("web")["workers_ready"] == 3, "the last configuration serves")
    assert load.failures() == []
    assert most <= 4
    only_one_is_left(server)
    assert sum(server.generations().values()) == 3
    server.counts(load.total(), "requests")


def test_reloads_that_come_meanwhile_are_one(serve):
    server = serve({"web": {"workers": 2}})
    asking = [
        subprocess.Popen([COPPICECTL, "--socket", server.socket, "reload"], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    for process in asking:
        out, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0 and "reload ok" in out
    assert server.status()["generation"] <= 11
    only_one_is_left(server)


def test_worker_that_dies_while_it_drains_is_not_replaced(serve):
    server = serve({"web": WAITS})
    with in_flight(server, "/60000"):
        pid = server.worker_pids()[0]
        server.reload()
        os.kill(pid, signal.SIGKILL)
        only_one_is_left(server)
    assert sum(server.generations().values()) == 1
    assert server.status("web")["crashes"] == 0 and server.status()["state"] == "ok"


def test_stop_during_a_drain_waits_for_both_generations(serve):
    server = serve({"web": WAITS})
    with in_flight(server, "/500") as old:
        server.reload()
        with in_flight(server, "/501") as new:
            server.signal(signal.SIGTERM)
            assert old.answer().status == 200 and new.answer().status == 200
    assert server.exit_code() == 0
    assert server.pids() == []
