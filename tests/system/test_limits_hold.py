# SPDX-License-Identifier: MIT
"""Beyond a limit clients wait or are let go, the server goes on, and when there is room again it is used."""

import resource

import pytest

from clients import Client
from waiting import wait_until

MODELS = pytest.mark.parametrize("tasks", [100, 1])
HELLO = b"Hello, World!"


def some_wait(clients):
    """Those that got nothing yet."""
    return [client for client in clients if not client.has_input()]


def test_full_descriptor_table_recovers(serve):
    server = serve()
    resource.prlimit(server.worker_pids()[0], resource.RLIMIT_NOFILE, (64, 64))
    address = server.address()
    clients = [Client(address) for _ in range(200)]
    for client in clients:
        client.ask()
    server.reaches(1, "accept_errors")
    server.reaches(1, "accept_pauses")
    assert len(some_wait(clients)) >= 200 - 64
    assert clients[0].answer().body == HELLO
    for leaving, waiting in zip(clients, clients[1:]):
        leaving.close()
        assert waiting.answer().body == HELLO
    clients[-1].close()
    assert server.get().status == 200
    server.reaches(201, "requests")
    assert server.status()["pools"][0]["crashes"] == 0


def test_few_descriptors_are_a_lower_limit_that_is_told(serve):
    server = serve(limits={"open_files": 64})
    wait_until(lambda: server.status("web")["connections_limit"] == 40, "the worker has reported")
    assert "room for 40 connections on each loop, not for 10000" in server.logged()
    clients = [server.client() for _ in range(100)]
    for client in clients:
        client.ask()
    server.reaches(1, "accept_pauses")
    for client in clients:
        assert client.answer().body == HELLO
        client.close()
    assert server.metric("accept_errors") == 0


@pytest.mark.parametrize("pool", [{"tasks": 3}, {"tasks": 1, "threads": 3}, {"tasks": 1, "workers": 3}])
def test_client_beyond_the_limit_waits_until_one_leaves(serve, pool):
    server = serve({"web": {"app": "wait", **pool}})
    clients = [server.client() for _ in range(3)]
    for client in clients:
        client.ask("/1000", "GET", "1.1", "Connection: close")
    wait_until(lambda: server.metric("connections") == 3, "all places are taken")
    with server.client() as late:
        late.ask("/0")
        assert late.answer().status == 200
    assert len(some_wait(clients)) < 3, "it was served beside the three"
    for client in clients:
        assert client.answer().status == 200
        client.close()


def test_near_the_limit_the_longest_idle_connection_makes_room(serve):
    server = serve({"web": {"tasks": 10}})
    clients = []
    for _ in range(10):
        clients.append(server.client())
        assert clients[-1].get().body == HELLO
    with server.client() as late:
        assert late.get().body == HELLO
    server.reaches(1, "evictions")
    assert clients[0].is_closed()
    assert clients[-1].get().body == HELLO


@MODELS
def test_idle_connection_is_closed_at_keepalive_timeout(serve, tasks):
    server = serve({"web": {"tasks": tasks, "keepalive_timeout": "100ms"}})
    with server.client() as client:
        assert client.get().body == HELLO
        assert client.is_closed()
    server.reaches(1, "idle_timeouts")


@MODELS
def test_connection_that_says_nothing_is_closed_at_first_byte_timeout(serve, tasks):
    server = serve({"web": {"tasks": tasks, "first_byte_timeout": "100ms"}})
    with server.client() as client:
        assert client.is_closed()
    server.reaches(1, "idle_timeouts")
    assert server.get().status == 200


@MODELS
@pytest.mark.parametrize(
    "timeout, part",
    [
        ("header_timeout", b"GET / HTTP/1.1\r\nHost: x\r\n"),
        ("body_timeout", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"),
    ],
)
def test_request_that_stands_still_is_answered_408(serve, tasks, timeout, part):
    server = serve({"web": {"tasks": tasks, timeout: "100ms"}})
    with server.client() as client:
        client.send(part)
        assert client.answer().status == 408
        assert client.is_closed()
    server.reaches(1, "request_timeouts")


@MODELS
def test_request_that_takes_too_long_is_ended(serve, tasks):
    server = serve({"web": {"app": "wait", "tasks": tasks, "request_timeout": "100ms"}})
    with server.client() as client:
        assert client.get("/60000").status in (503, 504)
    assert server.get("/0").status == 200


@MODELS
@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 2000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", 413),
        (b"rubbish\r\n\r\n", 400),
    ],
)
def test_request_beyond_the_limits_is_refused_and_closed(serve, tasks, request_bytes, status):
    server = serve({"web": {"tasks": tasks, "header_max": "1KiB", "body_max": "1KiB"}})
    with server.client() as client:
        client.send(request_bytes)
        assert client.answer().status == status
        assert client.is_closed()
    server.reaches(1, "responses_4xx")
    assert server.get().body == HELLO


@MODELS
def test_client_that_does_not_read_is_let_go_at_write_timeout(serve, tasks):
    server = serve({"web": {"app": "echo", "tasks": tasks, "write_timeout": "100ms"}})
    with server.client() as client:
        client.socket.settimeout(0.01)

        def push():
            try:
                client.socket.send(bytes(65536))
            except TimeoutError:
                pass
            except OSError:
                return True
            return False

        wait_until(push, "the server lets go of a client that takes nothing")
    wait_until(lambda: server.metric("closes") == 1, "its connection is closed")
