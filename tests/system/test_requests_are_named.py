# SPDX-License-Identifier: MIT
"""A request has an id that is the same in its answer, in the access log and in the log."""

import re

import pytest

from waiting import wait_until

OURS = re.compile(r"[0-9a-f]{24}")


def ids_of(server, n):
    with server.client() as client:
        return [client.get("/").headers["x-request-id"] for _ in range(n)]


def test_no_two_requests_share_an_id(serve):
    server = serve({"web": {"request_id": "generate", "workers": 2, "threads": 2}})
    seen = [name for _ in range(20) for name in ids_of(server, 5)]
    server.stop()
    again = serve({"web": {"request_id": "generate"}})
    seen += ids_of(again, 20)
    assert len(set(seen)) == 120
    assert all(OURS.fullmatch(name) for name in seen)


def test_client_names_its_request_where_the_pool_accepts_it(serve):
    server = serve({"web": {"request_id": "accept"}, "own": {"request_id": "generate"}, "off": {}})
    names = ("a", "4bf92f35-77b3_4da6.a3ce:929d/0e0e+47=36@~", "x" * 64)
    for name in names:
        for pool, expected in (("web", name), ("own", None), ("off", "")):
            with server.client(pool) as client:
                client.ask("/", "GET", "1.1", f"x-request-id: {name}")
                got = client.answer().headers.get("x-request-id", "")
            assert got == expected if expected is not None else OURS.fullmatch(got)


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", 'a"b', "a\\b", "a<b>", "é", "a,b", "\x1b[2J"])
def test_name_that_could_do_harm_is_not_taken(serve, name):
    server = serve({"web": {"request_id": "accept"}})
    with server.client() as client:
        client.ask("/", "GET", "1.1", f"X-Request-ID: {name}")
        answer = client.answer()
    assert answer.status == 400 or OURS.fullmatch(answer.headers["x-request-id"])


def test_refusals_are_named_too(serve):
    server = serve({"web": {"request_id": "generate"}})
    with server.client() as client:
        client.send(b"nonsense\r\n\r\n")
        assert OURS.fullmatch(client.answer().headers["x-request-id"])


def test_tasks_and_their_dump_show_the_id(serve):
    server = serve({"web": {"app": "wait", "request_id": "accept"}})
    with server.client() as client:
        client.ask("/20000", "GET", "1.1", "X-Request-ID: trace-me")
        wait_until(lambda: "trace-me" in [row["name"] for row in server.data("tasks")["tasks"]], "the row has it")
        server.data("dump", worker="web/0")
        wait_until(lambda: re.search(r'\d+ trace-me "GET /20000"', server.logged()), "the dump has it")


@pytest.mark.parametrize("model", ["hybrid", "threads"])
def test_handlers_error_is_found_by_the_id(serve, tmp_path, model):
    path = tmp_path / "access.log"
    web = {"app": "demo", "model": model, "workers": 1, "request_id": "generate"}
    server = serve({"web": {**web, "access_log": str(path), "access_format": "{request_id} {status}"}})
    with server.client() as client:
        answer = client.get("/fail/5")
    name = answer.headers["x-request-id"]
    wait_until(lambda: path.read_text() == f"{name} 500\n", "the access log has it")
    said = rf" error \S+ task \d+: request {name}: GET /fail/5: its handler returned -EIO: Input/output error\n"
    assert re.search(said, server.logged())
