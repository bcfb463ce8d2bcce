# SPDX-License-Identifier: MIT
"""What a client of the HTTP server may rely on, in every model: which answer, and how the connection goes on."""

import email.utils
import threading
import time

import pytest

from waiting import wait_until

HELLO = b"Hello, World!"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
GET_AND_CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(name="client", params=["hybrid", "processes"])
def client_fixture(request, serve):
    """A connection to the app hello, with room for small bodies only."""
    with serve({"web": {"model": request.param, "workers": 1, "body_max": "64KiB"}}).client() as client:
        yield client


def post(fields, body=b""):
    return b"POST / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n" + body


def test_answer_has_a_date_of_now_and_its_length(client):
    answer = client.get()
    assert answer.body == HELLO
    assert answer.headers["content-length"] == str(len(HELLO))
    date = email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert abs(date - time.time()) < 60
    assert "connection" not in answer.headers


def test_date_moves_on(client):
    first = client.get().headers["date"]
    wait_until(lambda: client.get().headers["date"] != first, "another second has another date")


def test_head_tells_the_length_and_sends_no_body(client):
    client.ask(method="HEAD")
    assert client.answer(has_body=False).headers["content-length"] == str(len(HELLO))
    client.send(GET_AND_CLOSE)
    assert client.answer().body == HELLO
    assert client.is_closed()


@pytest.mark.parametrize(
    "version, field, goes_on",
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
        (b"1.2", b"", True),
    ],
)
def test_connection_goes_on_as_the_client_asks(client, version, field, goes_on):
    client.send(b"GET / HTTP/%s\r\nHost: x\r\n%s\r\n" % (version, field))
    answer = client.answer()
    assert answer.body == HELLO
    assert (answer.headers.get("connection") == "close") != goes_on
    if goes_on:
        assert version != b"1.0" or answer.headers["connection"] == "keep-alive"
        assert client.get().body == HELLO
    else:
        assert client.is_closed()


@pytest.mark.parametrize(
    "fields, body",
    [
        (b"Content-Length: 5", b"hello"),
        (b"Content-Length: 0", b""),
        (b"Content-Length: 65536", b"x" * 65536),
        (b"Transfer-Encoding: chunked", b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n"),
        (b"Content-Length: %d" % len(GET), GET),
    ],
)
def test_body_is_dropped_and_the_next_request_is_answered(client, fields, body):
    client.send(post(fields, body) + GET_AND_CLOSE)
    assert client.answer().body == HELLO
    assert client.answer().body == HELLO
    assert client.is_closed()


def test_client_that_expects_100_gets_it_before_it_sends(client):
    client.send(GET + post(b"Content-Length: 5\r\nExpect: 100-continue"))
    assert client.answer().status == 200
    assert client.answer().status == 100
    client.send(b"hello")
    assert client.answer().body == HELLO


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (post(b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), 400),
        (post(b"Content-Length: 5\r\nContent-Length: 5", b"hello"), 400),
        (post(b"Transfer-Encoding: chunked", b"5\nhello\n0\n\n"), 400),
        (post(b"Content-Length: 65537\r\nExpect: 100-continue"), 413),
        (post(b"Transfer-Encoding: chunked", b"10001\r\n"), 413),
        (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (post(b"Content-Length: 5\r\nExpect: tea"), 417),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n", 431),
        (post(b"Transfer-Encoding: chunked", b"0\r\nA: " + b"a" * 20000 + b"\r\n\r\n"), 431),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (post(b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"), 501),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ],
)
def test_what_cannot_be_served_is_refused_and_closed(client, request_bytes, status):
    client.send(GET + request_bytes + GET)
    assert client.answer().body == HELLO
    answer = client.answer()
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert "date" in answer.headers
    assert client.is_closed()


@pytest.mark.parametrize("method, status", [("TRACE", 405), ("CONNECT", 405), ("OPTIONS", 204)])
def test_what_concerns_the_server_tells_the_methods(client, method, status):
    client.ask("x:80" if method == "CONNECT" else "*" if method == "OPTIONS" else "/", method)
    answer = client.answer()
    assert answer.status == status
    assert "GET" in answer.headers["allow"]


def test_refused_upload_gets_its_answer_though_it_goes_on(client):
    """Without patience the unread bytes would make the kernel reset the connection, answer and all."""
    client.send(post(b"Content-Length: 8388608"))
    client.send(bytes(8 << 20))
    assert client.answer().status == 413
    assert client.is_closed()


@pytest.mark.parametrize("portion", [1, 2, 3, 7, 16, 1000])
def test_portions_make_no_difference(client, portion):
    requests = GET + post(b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n") + b"\r\n" + GET + b"BAD\r\n\r\n"
    for i in range(0, len(requests), portion):
        client.send(requests[i : i + portion])
    assert [client.answer().status for _ in range(4)] == [200, 200, 200, 400]
    assert client.is_closed()


def test_ten_thousand_requests_in_one_write_are_all_answered(client):
    sender = threading.Thread(target=client.send, args=(GET * 9999 + GET_AND_CLOSE,))
    sender.start()
    for _ in range(10000):
        assert client.answer().body == HELLO
    sender.join()
    assert client.is_closed()


@pytest.mark.parametrize(
    "path, status", [("/0", 200), ("/wait/1?x=y", 200), ("/", 404), ("/-1", 400), ("/1x", 400), ("/60001", 400)]
)
def test_wait_takes_milliseconds(serve, path, status):
    assert serve({"web": {"app": "wait"}}).get(path).status == status


@pytest.mark.parametrize("model", ["hybrid", "processes"])
def test_header_larger_than_the_stack_would_hold_is_served(serve, model):
    server = serve({"web": {"model": model, "header_max": "200KiB", "stack_size": "32KiB"}})
    with server.client() as client:
        for _ in range(2):
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 190000 + b"\r\n\r\n")
            assert client.answer().body == HELLO
        client.send(post(b"Content-Length: 50000\r\nA: " + b"a" * 190000, bytes(50000)) + GET_AND_CLOSE)
        assert client.answer().body == HELLO
        assert client.answer().body == HELLO
        assert client.is_closed()


@pytest.mark.parametrize("first_len", [100, 6000])
def test_head_that_fills_what_was_read_is_followed_by_its_body(serve, first_len):
    """Each second head ends at another place, the end of the server's memory for input among them."""

    def head_of(length, fields):
        fields += b"\r\nX-Padding: "
        return post(fields + b"x" * (length - len(post(fields))))

    server = serve({"web": {"workers": 1}})
    for end in [*range(6100, 6200), *range(7000, 7200)]:
        second_len = end - first_len - 10
        with server.client() as client:
            client.send(head_of(first_len, b"Content-Length: 10\r\nExpect: 100-continue"))
            assert client.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
            client.reader.readline()
            client.send(bytes(10) + head_of(max(second_len, 100), b"Content-Length: 5"))
            assert client.answer().body == HELLO
            client.send(b"hello" + GET)
            assert client.answer().body == HELLO, end
            assert client.answer().body == HELLO, end
