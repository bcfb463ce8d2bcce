# SPDX-License-Identifier: MIT
"""The same app under any mix of processes, threads and tasks, on any kind of address; blocking means blocking."""

import contextlib
import os
import pathlib
import re
import socket
import signal
import subprocess

import pytest

from clients import Client
from server import freeze
from waiting import DEADLINE, wait_until

HELLO = b"Hello, World!"
CLIENTS = 4

MIXES = {
    "hybrid": {"workers": 2},
    "async": {"model": "async", "workers": 1},
    "threads": {"model": "threads", "workers": 1, "threads": CLIENTS},
    "processes": {"model": "processes", "workers": CLIENTS},
    "loops": {"threads": 2, "tasks": 100},
    "mixed": {"workers": 2, "threads": 2, "tasks": 2},
}


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES.keys())
def test_mix_serves_clients_at_once(serve, mix):
    server = serve({"web": mix})
    clients = [server.client() for _ in range(CLIENTS)]
    for _ in range(20):
        for client in clients:
            client.ask()
        for client in clients:
            assert client.answer().body == HELLO
    for client in clients:
        client.close()
    server.reaches(20 * CLIENTS, "requests")
    wait_until(lambda: server.metric("closes") == CLIENTS, "all are closed")
    assert server.metric("requests") == 20 * CLIENTS
    server.stop()


def test_pools_of_one_master_serve_beside_each_other(serve):
    server = serve(MIXES)
    for pool in MIXES:
        assert server.get(pool=pool).body == HELLO
    for pool in MIXES:
        server.counts(1, "requests", pool)


@pytest.mark.parametrize("tasks", [100, 1])
def test_pool_serves_on_several_addresses(serve, tmp_path, tasks):
    path = f"{tmp_path}/web.sock"
    server = serve({"web": {"listen": ["127.0.0.1:0", "[::1]:0", f"unix:{path}"], "tasks": tasks}})
    for which in range(3):
        with server.client(which=which) as client:
            assert client.get().body == HELLO
    assert server.address(which=1)[0] == "::1"
    assert server.address(which=2) == path
    server.stop()
    assert not os.path.exists(path), "the socket's file was left behind"


def test_abstract_unix_address_serves(serve, tmp_path):
    server = serve({"web": {"listen": f"unix:@coppice-test-{os.getpid()}-{tmp_path.name}"}})
    with Client("\0" + server.address()[1:]) as client:
        assert client.get().body == HELLO


@pytest.mark.parametrize("tasks", [100, 1])
def test_reuse_port_gives_each_worker_a_socket_that_outlives_it(serve, tasks):
    server = serve({"web": {"reuse_port": True, "workers": 2, "tasks": tasks}})
    address = server.address()
    assert server.status("web")["queue_limit"] == 2 * 4096
    pids = server.worker_pids()
    for pid in pids:
        freeze(pid)
    clients = [Client(address) for _ in range(16)]
    for client in clients:
        client.ask("/", "GET", "1.1", "Connection: close")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for client in clients:
        assert client.answer().body == HELLO
        client.close()


def traced(server, pool, ask):
    """By thread, the system calls that the pool's worker begins while ask() runs."""
    pid = server.worker_pids(pool)[0]
    output = server.folder / "trace"
    strace = subprocess.Popen(
        ["strace", "-f", "-q", "-o", str(output), "-p", str(pid)], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: strace.poll() is not None or is_traced(pid), "strace is there")
        if strace.poll() is not None:
            pytest.skip("strace cannot attach here: " + strace.stderr.read().decode())
        ask()
    finally:
        strace.terminate()
        strace.communicate(timeout=DEADLINE)
    calls = {}
    for thread, call in re.findall(r"^(\d+) +(\w+)\(", output.read_text(), re.MULTILINE):
        calls.setdefault(thread, []).append(call)
    return calls


def is_traced(pid):
    """Each of its threads?"""
    texts = [path.read_text(encoding="utf-8") for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return all(re.search(r"TracerPid:\t[1-9]", text) for text in texts)


def test_many_requests_at_once_cost_one_receive_and_one_send_each(serve):
    """However many come together: a socket that is looked at before it is read would be taken out of epoll, and put
    in again."""
    server = serve({"web": {"workers": 1}})
    pid = server.worker_pids()[0]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(400)]
        for client in clients:
            assert client.get().body == HELLO

        def ask_all():
            os.kill(pid, signal.SIGSTOP)
            for client in clients:
                client.ask("/")
            os.kill(pid, signal.SIGCONT)
            for client in clients:
                assert client.answer().body == HELLO

        (calls,) = [calls for calls in traced(server, "web", ask_all).values() if "recvfrom" in calls]
    assert (calls.count("recvfrom"), calls.count("sendto"), calls.count("epoll_ctl")) == (400, 400, 0)


def test_blocking_thread_waits_in_the_kernel_and_never_in_epoll(serve):
    def ask_thrice(pool):
        for _ in range(3):
            assert server.get(pool=pool).body == HELLO

    server = serve({"web": {"tasks": 1}, "loop": {}})
    (serving,) = [calls for calls in traced(server, "web", lambda: ask_thrice("web")).values() if "accept4" in calls]
    assert {"accept4", "recvfrom", "sendto"} <= set(serving)
    assert not [call for call in serving if "epoll" in call or call in ("poll", "ppoll", "select", "pselect6", "fcntl")]
    (serving,) = [calls for calls in traced(server, "loop", lambda: ask_thrice("loop")).values() if "accept4" in calls]
    assert "epoll_wait" in serving or "epoll_pwait" in serving


@pytest.mark.parametrize("app, ask", [("hello", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("echo", b"x" * 64)])
def test_kept_alive_request_costs_recv_send_and_a_poll_and_nothing_else(serve, app, ask):
    rounds = 200

    def ask_again():
        for _ in range(rounds):
            client.sendall(ask)
            assert client.recv(65536)

    # Neither beats nor reports come in between.
    quiet = {"beat_interval": "10s", "report_interval": "1m", "hang_timeout": "0"}
    server = serve({"web": {"app": app}}, supervision=quiet)
    with socket.create_connection(server.address()) as client:
        client.sendall(ask)
        assert client.recv(65536)
        calls = [call for thread in traced(server, "web", ask_again).values() for call in thread if call != "futex"]
    counts = {call: calls.count(call) for call in calls}
    assert counts.pop("recvfrom") == rounds
    assert counts.pop("sendto") == rounds
    assert counts.pop("epoll_wait") <= rounds + 10
    assert sum(counts.values()) <= 10, counts
