# SPDX-License-Identifier: MIT
"""A request that is in flight for too long is logged once, with the place where its task waits."""

import contextlib
import re

import pytest

from waiting import wait_until

LINE = re.compile(
    r' warn  \S+ slow request (?P<id>\S+) "(?P<what>[^"]*)" for (?P<age>[0-9.]+ m?s), peer 127\.0\.0\.1 port '
    r"(?P<port>\d+), app (?P<app>\S+) (?P<route>[^ ,]+)(, and (?P<more>\d+) more at the same place)?, "
    r"task \d+( in (?P<why>\w+))?: (?P<stack>.*)"
)

MODELS = {"tasks": {}, "loops": {"threads": 2}, "threads": {"model": "threads"}, "processes": {"model": "processes"}}


def slow_lines(server):
    lines = [line for line in server.logged().splitlines() if "slow request" in line]
    return [LINE.search(line).groupdict() for line in lines]


def told(server):
    return sum(1 + int(line["more"] or 0) for line in slow_lines(server))


@pytest.mark.parametrize("model", MODELS)
def test_line_names_the_request_and_where_it_waits(serve, model):
    web = {"app": "wait", "workers": 1, "slow_request": "100ms", "request_id": "generate", **MODELS[model]}
    server = serve({"web": web})
    with server.client() as client:
        port = client.socket.getsockname()[1]
        assert client.get("/1").status == 200
        client.ask("/wait/800")
        answer = client.answer()
    (line,) = slow_lines(server)
    assert line["id"] == answer.headers["x-request-id"]
    assert (line["what"], line["app"], line["route"]) == ("GET /wait/800", "wait", "/wait/{ms}")
    assert line["port"] == str(port)
    assert re.search(r"\bwait_and_answer\b", line["stack"])
    server.counts(1, "slow_requests")


def test_many_at_one_place_are_one_line_a_round(serve):
    server = serve({"web": {"app": "wait", "slow_request": "500ms"}})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(200)]
        for client in clients:
            client.ask("/5000")
        server.reaches(200, "slow_requests")
        wait_until(lambda: told(server) == 200, "each is told of")
        # They may have come in more than one round.
        assert len(slow_lines(server)) <= 10
        server.counts(200, "slow_requests")


def test_off_tells_nothing(serve):
    server = serve({"web": {"app": "wait"}, "echo": {"app": "echo", "slow_request": "10ms"}})
    assert server.get("/300").status == 200
    with server.client("echo") as client:
        assert client.echoes(b"hello")
    assert slow_lines(server) == []


def test_client_that_is_slow_to_take_the_answer_is_told_of_too(serve):
    server = serve({"web": {"app": "demo", "slow_request": "100ms"}})
    with server.client() as client:
        client.ask("/bytes/100000000")
        (line,) = wait_until(lambda: slow_lines(server), "it is told of")
    assert line["why"] == "write" and "cop_response_write" in line["stack"]
