# SPDX-License-Identifier: MIT
"""What an app may rely on, seen through the app `demo`, which has a handler for each thing that the API offers."""

import json

import pytest
from waiting import wait_until


@pytest.fixture(name="server", params=["hybrid", "threads"])
def server_fixture(request, serve):
    return serve({"web": {"app": "demo", "model": request.param, "workers": 1, "options": {"greeting": "Moin"}}})


@pytest.fixture(name="client")
def client_fixture(server):
    with server.client() as client:
        yield client


def send(client, method, path, body=b"", fields=()):
    head = [f"{method} {path} HTTP/1.1", "Host: x", *fields]
    if body:
        head.append(f"Content-Length: {len(body)}")
    client.send("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    return client.answer(has_body=method != "HEAD")


@pytest.mark.parametrize(
    "method, path, status, body",
    [
        ("GET", "/", 200, b"Moin, World!\n"),
        ("GET", "/search?x=1&q=a+b%26%C3%A4", 200, "q=a b&ä\n".encode()),
        ("GET", "/search?q", 200, b"q=\n"),
        ("GET", "/search", 400, None),
        ("GET", "/search?q=%zz", 400, None),
        ("GET", "/users/a%20b%2Fc", 200, b'{"id":"a b/c","groups":[]}'),
        ("GET", "/%75sers/7", 200, b'{"id":"7","groups":[]}'),
        ("GET", "/users/", 404, None),
        ("GET", "/users/7/x", 404, None),
        ("GET", "/fail/418", 418, None),
        ("GET", "/fail/2", 404, b"Not Found"),
        ("GET", "/fail/5", 500, b"Internal Server Error"),
    ],
)
def test_handler_sees_decoded_text_and_answers(client, method, path, status, body):
    answer = send(client, method, path)
    assert answer.status == status
    assert body is None or answer.body == body
    assert send(client, "GET", "/").status == 200


def test_middleware_is_around_every_handler_but_errors_are_clean(client):
    assert send(client, "GET", "/").headers["x-served-by"] == "demo"
    assert "x-served-by" not in send(client, "GET", "/fail/404").headers


@pytest.mark.parametrize(
    "method, path, allow",
    [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/users", "POST, OPTIONS"),
        ("GET", "/form", "POST, OPTIONS"),
    ],
)
def test_other_method_is_told_those_that_are_allowed(client, method, path, allow):
    answer = send(client, method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_options_and_head_follow_from_the_routes(client):
    answer = send(client, "OPTIONS", "/form")
    assert (answer.status, answer.headers["allow"]) == (204, "POST, OPTIONS")
    answer = send(client, "HEAD", "/")
    assert answer.headers["content-length"] == "13"
    assert send(client, "GET", "/").status == 200


def test_json_comes_and_goes(client):
    fields = ["Content-Type: application/json; charset=utf-8"]
    answer = send(client, "POST", "/users", b'{"name": "\\u00e4"}', fields)
    assert (answer.status, answer.headers["content-type"]) == (201, "application/json")
    assert json.loads(answer.body) == {"name": "ä"}
    assert send(client, "POST", "/users", b'{"name": 1}', fields).status == 422
    assert send(client, "POST", "/users", b'{"name": ', fields).status == 400
    assert send(client, "POST", "/users", b"{}", ["Content-Type: text/plain"]).status == 415
    assert send(client, "POST", "/users", b"[" * 70000, fields).status == 413


def test_form_is_read(client):
    fields = ["Content-Type: application/x-www-form-urlencoded"]
    assert send(client, "POST", "/form", b"a=1&name=x%20y+z", fields).body == b"name=x y z\n"
    assert send(client, "POST", "/form", b"a=1", fields).status == 422
    assert send(client, "POST", "/form", b"name=1").status == 415


def test_cookies_come_and_go(client):
    answer = send(client, "GET", "/visits", fields=['Cookie: a=b; visits="41"; c'])
    assert answer.body == b"42\n"
    assert answer.headers["set-cookie"] == "visits=42; Path=/; SameSite=Lax; HttpOnly"


def chunked(body):
    """The content of a chunked body, read strictly."""
    content = b""
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line, 16)
        if size == 0:
            assert body == b"\r\n"
            return content
        content, body = content + body[:size], body[size:]
        assert body[:2] == b"\r\n"
        body = body[2:]


def whole(server, request):
    """All that the server sends until it closes: head and body."""
    with server.client() as client:
        client.send(request)
        head, _, body = client.reader.read().partition(b"\r\n\r\n")
    return head, body


MULTIPART = (
    b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n"
    b"--XX\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x;y.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    + b"\r\n--X" * 5000
    + b"\r\n--XX--\r\nepilogue"
)


def test_upload_is_taken_part_by_part(server):
    request = (
        b"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: %d\r\n\r\n" % len(MULTIPART)
    )
    head, body = whole(server, request + MULTIPART)
    assert b"Transfer-Encoding: chunked" in head
    assert chunked(body) == b"a  5\nf x;y.txt 25000\n"


@pytest.mark.parametrize("version, framed", [(b"1.1", True), (b"1.0", False)])
def test_body_without_a_length_is_chunked_or_ends_with_the_connection(server, version, framed):
    head, body = whole(server, b"GET /bytes/100000 HTTP/%s\r\nHost: x\r\nConnection: close\r\n\r\n" % version)
    assert (b"Transfer-Encoding" in head) == framed
    assert b"Content-Length" not in head
    assert (chunked(body) if framed else body) == b"x" * 100000


def test_events_are_sent(server):
    head, body = whole(server, b"GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Type: text/event-stream" in head
    event = "event: tick\nid: {}\ndata: one line\ndata: another\n\n"
    assert chunked(body).decode() == "".join(event.format(i) for i in (1, 2, 3))


def test_body_passes_through_while_it_comes(server):
    pieces = [b"x" * n for n in (1, 5000, 100000)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    request = b"POST /echo/pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert chunked(whole(server, request + body)[1]) == b"".join(pieces)


def test_answer_that_cannot_be_finished_is_cut(server):
    request = b"POST /echo/pieces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nXX\r\n"
    head, body = whole(server, request)
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b"5\r\nhello\r\n"


def test_error_of_a_handler_is_logged_with_its_task(server, client):
    send(client, "GET", "/fail/5")
    wait_until(lambda: "GET /fail/5: its handler returned -EIO: Input/output error" in server.logged(), "the log tells")


def test_background_task_runs_beside_the_requests_and_ends_with_the_worker(serve):
    server = serve({"web": {"app": "demo", "options": {"interval": "1ms"}}})
    with server.client() as client:
        wait_until(lambda: int(send(client, "GET", "/ticks").body.split()[0]) > 3, "it ticks")
    server.stop()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"greting": "x"}, 'the app has no option "greting", expected greeting, interval (did you mean "greeting"?)'),
        ({"interval": "soon"}, 'a wrong value for "interval", expected a duration from 1ms to 1m'),
    ],
)
def test_option_that_is_wrong_is_refused(start, options, message):
    server = start({"web": {"app": "demo", "options": options}})
    assert server.exit_code() != 0
    assert message in server.logged()
