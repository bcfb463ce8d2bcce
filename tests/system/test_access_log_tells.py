# SPDX-License-Identifier: MIT
"""The access log has one line for each request, in the format asked for, and no client can forge one."""

import json
import os
import re
import resource
import signal
import socket
import struct
import threading

import pytest

from clients import Load
from waiting import wait_until

COMBINED = re.compile(
    r'(?P<peer>[0-9.]+) - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "(?P<request>[^"]*)" '
    r'(?P<status>\d{3}) (?P<bytes>\d+) "(?P<referer>[^"]*)" "(?P<user_agent>[^"]*)"'
)

# What a client sends to make two lines of one, close a string, or drive a terminal.
HOSTILE = [
    b'"',
    b'","status":200,"x":"',
    b"\\",
    b'\\"',
    b"\\u0022",
    b"\x1b[2J",
    b"\x07\x08\x7f",
    b"tab\there",
    b"\xff\xfe",
    b"\xc3(",
    b"\xc2\x9b31m",
    b"\xe2\x80\xae",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x8c\xb3",
    b"%0d%0a127.0.0.1",
    b"' - - [",
]

MODELS = {
    "tasks": {"workers": 1},
    "loops": {"workers": 1, "threads": 2},
    "threads": {"model": "threads", "threads": 4},
    "processes": {"model": "processes", "workers": 2},
}


class Logged:
    """A server of the demo app with an access log in a file."""

    def __init__(self, serve, folder, access_format="json", **pool):
        self.path = folder / "access.log"
        pool = {"app": "demo", "access_log": str(self.path), "access_format": access_format, **pool}
        self.server = serve({"web": pool})

    def lines(self, n):
        """Its lines, once there are n; and there are no more."""
        wait_until(lambda: self.path.read_bytes().count(b"\n") >= n, f"{n} lines are logged")
        lines = self.path.read_bytes().split(b"\n")
        assert lines[-1] == b"" and len(lines) == n + 1, lines
        return lines[:-1]

    def entries(self, n):
        return [json.loads(line) for line in self.lines(n)]

    def entry(self):
        return self.entries(1)[0]

    def talk(self, data):
        """Send it, and read to the end of the connection."""
        with self.server.client() as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            return client.reader.read()

    def talk_in_turn(self, data):
        """The same, until it has its line: another loop's could be faster otherwise."""
        before = self.path.read_bytes().count(b"\n")
        got = self.talk(data)
        self.lines(before + 1)
        return got


@pytest.fixture(name="logged")
def logged_fixture(serve, tmp_path):
    return lambda *args, **pool: Logged(serve, tmp_path, *args, **pool)


# ---- the formats


def test_combined_is_what_its_parsers_expect(logged):
    log = logged("combined")
    with log.server.client() as client:
        client.ask("/users/7?a=b", "GET", "1.1", "Referer: http://here/", "User-Agent: test (x; y)")
        answer = client.answer()
    entry = COMBINED.fullmatch(log.lines(1)[0].decode()).groupdict()
    assert entry == {
        "peer": "127.0.0.1",
        "request": "GET /users/7?a=b HTTP/1.1",
        "status": "200",
        "bytes": str(len(answer.body)),
        "referer": "http://here/",
        "user_agent": "test (x; y)",
    }


def test_common_is_combined_without_the_two_fields(logged):
    log = logged("common")
    log.server.get("/")
    assert COMBINED.fullmatch(log.lines(1)[0].decode() + ' "-" "-"')


@pytest.mark.parametrize("model", MODELS)
def test_json_says_what_the_client_saw(logged, model):
    log = logged(request_id="generate", **MODELS[model])
    with log.server.client() as client:
        answer = client.get("/users/7")
    entry = log.entry()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry.pop("pid") in log.server.pids()
    assert entry.pop("worker") in (0, 1)
    assert 0 < entry.pop("duration") < 30
    assert entry == {
        "pool": "web",
        "peer": "127.0.0.1",
        "method": "GET",
        "target": "/users/7",
        "protocol": "HTTP/1.1",
        "status": 200,
        "outcome": "ok",
        "bytes": len(answer.body),
        "request_id": answer.headers["x-request-id"],
        "host": "test",
        "referer": None,
        "user_agent": None,
    }


def test_text_of_ones_own_is_exact(logged):
    log = logged(
        '{{{method}}} {path} {query} "{header:x-own}" {header:X-Own} {response:x-served-by} '
        "{response:content-type} {response:Content-Length} {route} {app} {pool} {protocol} {host} {port} {connection}"
    )
    with log.server.client() as client:
        client.ask("/users/a%20b?q=1", "GET", "1.0", "X-Own: two words")
        answer = client.answer()
        port = client.socket.getsockname()[1]
    assert log.lines(1)[0].decode() == (
        f'{{GET}} /users/a%20b q=1 "two words" two\\x20words demo application/json {len(answer.body)} '
        f"/users/{{id}} demo web HTTP/1.0 test {port} 1"
    )


def test_json_of_ones_own_has_those_members(logged):
    log = logged("json {status} {duration_us} {time_unix} {header:X-Tenant} {response:Nothing} {query} {bytes_sent}")
    with log.server.client() as client:
        client.ask("/", "GET", "1.1", "X-Tenant: 7")
        client.answer()
    entry = log.entry()
    assert list(entry) == [
        "status", "duration_us", "time_unix", "header:X-Tenant", "response:Nothing", "query", "bytes_sent",
    ]  # fmt: skip
    assert entry["header:X-Tenant"] == "7" and entry["response:Nothing"] is None and entry["query"] is None
    assert entry["bytes_sent"] > 100 and entry["time_unix"] > 1.7e9


def test_peer_of_a_unix_socket_is_said_so(serve, tmp_path):
    log = Logged(serve, tmp_path, "{peer} {port} {status}", listen=f"unix:{tmp_path}/socket")
    log.server.get("/")
    assert log.lines(1) == [b"unix: - 200"]


# ---- what clients do to it


@pytest.mark.parametrize("access_format", ["json", "combined"])
def test_no_client_forges_a_line(logged, access_format):
    log = logged(access_format)
    for i, evil in enumerate(HOSTILE):
        log.talk(b"GET /" + evil + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        log.talk(b"GET /%d HTTP/1.1\r\nHost: x\r\nUser-Agent: a%sb\r\nConnection: close\r\n\r\n" % (i, evil))
        log.talk(evil + b" / HTTP/1.1\r\n\r\n")
        log.talk(evil)
    lines = log.lines(4 * len(HOSTILE))
    for line in lines:
        text = line.decode()
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", text), text
        if access_format == "combined":
            assert COMBINED.fullmatch(text), text
            assert text.isascii()
        else:
            assert json.loads(text)["pool"] == "web"


def test_json_gives_the_text_back(logged):
    log = logged()
    agent = 'a"b\\c\té ☕ 🌳'
    log.talk(b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent.encode() + b"\r\n\r\n")
    assert log.entry()["user_agent"] == agent


def test_long_values_are_cut_and_the_line_is_not(logged):
    log = logged("json {target} {user_agent} {referer} {header:X-A} {header:X-B} {header:X-C} {status}")
    long = b'"\x1b\xff' * 800
    fields = b"".join(b"%s: %s\r\n" % (name, long) for name in (b"User-Agent", b"Referer", b"X-A", b"X-B", b"X-C"))
    log.talk(b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
    line = log.lines(1)[0]
    entry = json.loads(line)
    assert len(line) < 4096
    assert entry.pop("status") in (400, 404)
    assert all(value is None or value.endswith("...") for value in entry.values()), entry


@pytest.mark.parametrize("model", MODELS)
def test_refused_requests_have_their_line(logged, model):
    log = logged(header_timeout="300ms", header_max=1024, body_max=100, **MODELS[model])
    cases = [
        (b"GET / HTTP/1.1\r\n\r\n", 400, None),  # no Host
        (b"nonsense\r\n\r\n", 400, None),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 2000 + b"\r\n\r\n", 431, None),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505, None),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", 413, "/echo"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZ", 400, "/echo"),
        (b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, "/"),
    ]
    for data, status, _ in cases:
        assert log.talk_in_turn(data).startswith(b"HTTP/1.1 %d " % status), data
    with log.server.client() as client:
        client.send(b"GET /slow HTTP/1.1\r\nHo")
        assert client.answer().status == 408
    entries = log.entries(len(cases) + 1)
    assert [(entry["status"], entry["target"]) for entry in entries[:-1]] == [case[1:] for case in cases]
    assert (entries[-1]["status"], entries[-1]["outcome"]) == (408, "timeout")
    assert all(entry["bytes"] > 0 for entry in entries)


def test_first_line_of_a_refused_request_is_shown(logged):
    log = logged('"{request}" {status} {method}')
    log.talk(b"what is this?\r\nmore\r\n\r\n")
    assert log.lines(1) == [b'"what is this?" 501 -']


@pytest.mark.parametrize("model", MODELS)
def test_who_goes_away_has_a_line(logged, model):
    log = logged(**MODELS[model])
    log.talk_in_turn(b"GET /half HTT")
    log.talk_in_turn(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    with log.server.client() as client:
        client.ask("/bytes/100000000")
        client.reader.read(1000)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    entries = log.entries(3)
    assert [entry["outcome"] for entry in entries] == ["aborted"] * 3
    assert [entry["status"] for entry in entries] == [499, 499, 200]
    assert [entry["target"] for entry in entries] == [None, "/echo", "/bytes/100000000"]
    assert 1000 <= entries[2]["bytes"] < 100000000


def test_connection_that_says_nothing_has_no_line(logged):
    log = logged()
    log.talk(b"")
    log.talk(b"\r\n\r\n")
    log.server.get("/")
    assert log.entry()["target"] == "/"


@pytest.mark.parametrize("model", MODELS)
def test_answers_of_every_kind_have_one_line(logged, model):
    log = logged(**MODELS[model])
    asked = [("/", "GET"), ("/", "HEAD"), ("/bytes/70000", "GET"), ("/events", "GET"), ("/no", "GET")]
    seen = []
    for path, method in asked:
        got = log.talk_in_turn(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        seen.append((path, int(got[9:12]), len(got.partition(b"\r\n\r\n")[2])))
    got = log.talk_in_turn(b"GET /bytes/70000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in got
    seen.append(("/bytes/70000", 200, 70000))
    entries = log.entries(len(seen))
    assert [(entry["target"], entry["status"], entry["bytes"]) for entry in entries] == seen


@pytest.mark.parametrize("model", MODELS)
def test_files_have_their_line(logged, tmp_path, model):
    (tmp_path / "file").write_bytes(b"f" * 200000)
    log = logged("{target} {status} {bytes}", app="files", options={"root": str(tmp_path)}, **MODELS[model])
    assert len(log.talk_in_turn(b"GET /file HTTP/1.0\r\n\r\n")) > 200000
    log.talk_in_turn(b"HEAD /file HTTP/1.0\r\n\r\n")
    log.talk_in_turn(b"GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=10-19\r\nConnection: close\r\n\r\n")
    assert log.lines(3) == [b"/file 200 200000", b"/file 200 0", b"/file 206 10"]


def test_pipelined_requests_have_lines_of_their_own(logged):
    log = logged("{target} {status} {bytes}")
    got = log.talk(b"".join(b"GET /users/%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(200)))
    assert got.count(b"HTTP/1.1 200") == 200
    assert [line.split()[0] for line in log.lines(200)] == [b"/users/%d" % i for i in range(200)]


def test_duration_ends_with_the_last_byte(logged):
    log = logged("{duration}")
    with log.server.client() as client:
        client.ask("/bytes/30000000", "GET", "1.0")
        threading.Event().wait(0.5)  # the client is that slow
        assert len(client.reader.read()) > 30000000
    assert float(log.lines(1)[0]) >= 0.4
    log.server.counts(1, "requests")
    assert log.server.data("stats")["pools"][0]["histograms"]["request_duration"]["max_ns"] >= 400_000_000


# ---- where it goes


def count_lines(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("access.log*"))


@pytest.mark.parametrize("model", MODELS)
def test_rotation_under_load_loses_no_line(logged, tmp_path, model):
    log = logged(**MODELS[model])
    with Load(log.server.address(), clients=2) as load:
        for i in range(5):
            seen = load.total()
            wait_until(lambda seen=seen: load.total() > seen + 20, "requests are answered")
            log.path.rename(tmp_path / f"access.log.{i}")
            if i % 2:
                log.server.signal(signal.SIGUSR1)
            else:
                assert log.server.ctl("reopen").returncode == 0
            wait_until(log.path.exists, "the log is opened anew")
    assert load.failures() == []
    log.server.stop()
    assert count_lines(tmp_path) == load.total()
    for path in tmp_path.glob("access.log*"):
        for line in path.read_bytes().splitlines():
            json.loads(line)


def test_killed_worker_leaves_whole_lines(logged, tmp_path):
    log = logged(workers=2)
    with Load(log.server.address(), clients=4) as load:
        for _ in range(3):
            seen = load.total()
            wait_until(lambda seen=seen: load.total() > seen + 20, "requests are answered")
            pid = log.server.worker_pids()[0]
            os.kill(pid, signal.SIGKILL)
            log.server.replaces(pid)
    log.server.stop()
    entries = [json.loads(line) for line in log.path.read_bytes().splitlines()]
    # At most a turn's lines of each of the three.
    assert load.total() - 3 * 4 <= len(entries) <= load.total() + 3 * 4


def test_full_disk_is_counted_and_holds_nobody_up(serve):
    server = serve({"web": {"access_log": "/dev/full"}})
    for _ in range(10):
        assert server.get("/").status == 200
    server.counts(10, "access_log_dropped")
    assert server.metric("access_log_lines") == 0
    told = [line for line in server.logged().splitlines() if "access log" in line]
    assert len(told) == 1 and "lines lost: No space left on device" in told[0]


def test_file_that_may_grow_no_more_holds_nobody_up(logged):
    server = logged(workers=1).server
    (pid,) = server.worker_pids()
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, hard))
    for _ in range(10):
        assert server.get("/").status == 200
    server.counts(10, "access_log_dropped")
    assert server.worker_pids() == [pid]


def test_pipe_that_nobody_empties_holds_nobody_up(serve, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        server = serve({"web": {"access_log": str(fifo)}})
        with server.client() as client:
            for _ in range(100):
                client.ask("/" + "x" * 1000)
                assert client.answer().status == 200
        server.reaches(1, "access_log_dropped")
        wait_until(
            lambda: server.metric("access_log_lines") + server.metric("access_log_dropped") == 100, "all are counted"
        )
        got = os.read(reader, 1 << 20)
        assert got.count(b"\n") == server.metric("access_log_lines")
    finally:
        os.close(reader)


@pytest.mark.parametrize("where", ["stdout", "stderr"])
def test_standard_output_takes_it(serve, where):
    server = serve({"web": {"access_log": where, "access_format": "ACCESS {status} {target}"}})
    server.get("/there")
    wait_until(lambda: "ACCESS 200 /there\n" in server.logged(), "the line is there")


def test_off_is_silent(serve, tmp_path):
    server = serve()
    server.get("/")
    server.counts(1, "requests")
    assert server.metric("access_log_lines") == 0
    assert "GET" not in server.logged()


def test_file_that_cannot_be_opened_is_a_bad_start(start, tmp_path):
    server = start({"web": {"access_log": str(tmp_path / "none" / "log")}})
    assert server.exit_code() == 2
    assert re.search(r"pool web: access_log /\S+/none/log: No such file or directory", server.logged())


def test_unknown_directive_is_refused_with_its_place(start):
    server = start({"web": {"access_format": "{statsu}"}})
    assert server.exit_code() == 2
    assert re.search(
        r'coppice\.yaml:1:\d+: access_format: unknown directive "\{statsu\}", expected .*\(did you mean "status"\?\)',
        server.logged(),
    )
