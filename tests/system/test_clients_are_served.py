# SPDX-License-Identifier: MIT
"""Real clients are answered, from the first request on, however they come."""

import http.client
import re
import socket
import subprocess

import pytest

from clients import Client, connect
from waiting import DEADLINE, wait_until

HELLO = b"Hello, World!"


def run(*command, **more):
    return subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True, **more).stdout


def is_connected(path):
    try:
        return Client(path)
    except (FileNotFoundError, ConnectionRefusedError):
        return None


def test_first_request_after_start_is_answered(start, tmp_path):
    path = str(tmp_path / "web.sock")
    start({"web": {"listen": f"unix:{path}"}})
    with wait_until(lambda: is_connected(path), "the address accepts connections") as client:
        assert client.get().body == HELLO


def test_curl_is_served(serve):
    host, port = serve().address()
    assert run("curl", "-sS", f"http://{host}:{port}/") == HELLO
    assert b"HTTP/1.1 200 OK" in run("curl", "-sS", "--head", f"http://{host}:{port}/")
    assert run("curl", "-sS", "-d", "x" * 5000, f"http://{host}:{port}/").endswith(HELLO)


def test_nc_is_served(serve):
    server = serve({"web": {}, "echo": {"app": "echo"}})
    host, port = server.address("echo")
    assert run("nc", "-N", host, str(port), input=b"one\ntwo\n") == b"one\ntwo\n"
    host, port = server.address("web")
    assert run("nc", host, str(port), input=b"GET / HTTP/1.0\r\n\r\n").endswith(HELLO)


def test_http_client_of_python_is_served(serve):
    connection = http.client.HTTPConnection(*serve().address(), timeout=DEADLINE)
    for _ in range(3):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, HELLO)
    connection.close()


def test_wrk_is_served_without_an_error(serve):
    server = serve({"web": {"workers": 2}})
    host, port = server.address()
    report = run("wrk", "-t1", "-c64", "-d1s", f"http://{host}:{port}/").decode()
    answered = int(re.search(r"(\d+) requests in", report)[1])
    assert answered > 0
    assert "Socket errors" not in report and "Non-2xx" not in report
    server.reaches(answered, "responses_2xx")
    assert server.metric("request_errors") == 0


@pytest.mark.parametrize("model", ["hybrid", "processes"])
def test_pipelined_requests_are_answered_in_order(serve, model):
    server = serve({"web": {"app": "wait", "model": model}})
    with server.client() as client:
        methods = [b"GET", b"HEAD"] * 8
        client.send(b"".join(b"%s /0 HTTP/1.1\r\nHost: x\r\n\r\n" % method for method in methods))
        for method in methods:
            assert client.answer(has_body=method == b"GET").status == 200
        assert client.get("/nonsense").status == 400


@pytest.mark.parametrize("model", ["hybrid", "processes"])
def test_kept_alive_connection_serves_again_and_again(serve, model):
    server = serve({"web": {"model": model}})
    with server.client() as client:
        for _ in range(50):
            assert client.get().body == HELLO
    server.reaches(50, "requests")
    assert server.metric("accepts") == 1


def test_request_that_comes_byte_by_byte_is_answered(serve):
    with serve().client() as client:
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n":
            client.send(bytes([byte]))
        assert client.answer().body == HELLO


def test_thousand_connections_at_once_are_served_by_two_workers(serve):
    server = serve({"web": {"workers": 2}})
    address = server.address()
    clients = [Client(address) for _ in range(1000)]
    for _ in range(2):
        for client in clients:
            client.ask()
        for client in clients:
            assert client.answer().body == HELLO
    wait_until(lambda: server.metric("connections") == 1000, "1,000 connections are open at once")
    assert len(server.worker_pids()) == 2
    for client in clients:
        client.close()
    wait_until(lambda: server.metric("connections") == 0, "all are closed")
    assert server.metric("requests") == 2000
    server.stop()


def test_ten_thousand_bytes_come_back_from_echo_whole(serve):
    data = bytes(range(256)) * 40
    with serve({"web": {"app": "echo"}}).client() as client:
        assert client.echoes(data)


def test_half_closed_client_gets_its_answer(serve):
    with connect(serve().address()) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read().endswith(HELLO)
