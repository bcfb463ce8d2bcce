# SPDX-License-Identifier: MIT
"""A client that is slow is cut by its progress: to send or to take an octet now and then does not keep a connection."""

import time

import pytest
from waiting import DEADLINE, wait_until

LIMITS = {"header_timeout": "400ms", "body_timeout": "400ms", "write_timeout": "400ms", "min_rate": "100MiB"}


@pytest.fixture(name="server", params=["hybrid", "processes"])
def server_fixture(request, serve):
    return serve({"web": {"app": "demo", "model": request.param, "workers": 2, **LIMITS}})


def drip(client, octet=b"x"):
    """Send an octet each 20 ms, until the server has enough. Returns its answer."""
    client.socket.settimeout(0.02)
    received, end = b"", time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            client.socket.sendall(octet)
            piece = client.socket.recv(65536)
            if not piece:
                return received
            received += piece
        except TimeoutError:
            continue
        except OSError:
            return received
    raise TimeoutError("still served")


@pytest.mark.parametrize(
    "begin",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
        b"POST /echo/pieces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
    ],
)
def test_octet_now_and_then_is_answered_with_408(server, begin):
    with server.client() as client:
        client.send(begin)
        assert drip(client).startswith((b"HTTP/1.1 408", b"HTTP/1.1 200 OK"))
    wait_until(lambda: server.metric("request_timeouts") >= 1, "it is counted")


def test_client_that_takes_no_answer_is_cut(server):
    with server.client() as client:
        client.ask("/bytes/1000000000")
        wait_until(lambda: server.metric("request_timeouts") >= 1, "it is cut")


def test_client_that_takes_a_little_now_and_then_is_cut(server):
    with server.client() as client:
        client.ask("/bytes/1000000000")

        def takes_and_is_cut():
            try:
                client.socket.recv(1024)
            except OSError:
                return True
            return server.metric("request_timeouts") >= 1

        wait_until(takes_and_is_cut, "it is cut")
