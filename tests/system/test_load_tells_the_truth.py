# SPDX-License-Identifier: MIT
"""What `coppice load` prints is what happened: as the server counted it, and failures by kind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from server import freeze

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPPICE = os.environ.get("COPPICE", os.path.join(ROOT, "build/coppice"))
COPPICECTL = os.environ.get("COPPICECTL", os.path.join(ROOT, "build/coppicectl"))
SECONDS = 30

CONFIG = """\
control:
  socket: {folder}/control.sock
supervision:
  report_interval: 100ms
pools:
  web:
    listen: ["127.0.0.1:{web}"]
    app: hello
    workers: 2
  echo:
    listen: ["127.0.0.1:{echo}"]
    app: echo
    workers: 1
"""


def free_ports(n):
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(n)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return value


def load(*arguments):
    """Run to the end: exit code, the JSON object (None without one), stderr."""
    done = subprocess.run([COPPICE, "load", *map(str, arguments)], capture_output=True, text=True,
                          timeout=SECONDS, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def answers(result):
    return result["requests"] + result["requests_unmeasured"]


class Server:
    """A master with a pool of each app, in a folder of its own."""

    def __init__(self, folder):
        self.control = folder / "control.sock"
        web, echo = free_ports(2)
        self.web, self.echo = f"http://127.0.0.1:{web}/", f"tcp://127.0.0.1:{echo}"
        path = folder / "coppice.yaml"
        path.write_text(CONFIG.format(folder=folder, web=web, echo=echo))
        self.process = subprocess.Popen([COPPICE, "run", str(path)], stdin=subprocess.DEVNULL)

    def ask(self, *command):
        done = subprocess.run([COPPICECTL, "--socket", str(self.control), "--json", *command], text=True,
                              capture_output=True, timeout=SECONDS, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def is_ready(self):
        assert self.process.poll() is None, "the server ended"
        status = self.ask("status")
        return status and all(pool["workers_ready"] == pool["workers_wanted"] for pool in status["pools"])

    def requests(self, pool="web"):
        return self.ask("stats", "--pool", pool)["pools"][0]["metrics"]["requests"]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(name="server")
def running_server(tmp_path):
    server = Server(tmp_path)
    try:
        wait_until(server.is_ready, "the server is not ready")
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def scripted_server(answer):
    """A server that reads a request and then calls answer(connection), one thread per connection."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while connection.recv(4096) and answer(connection):
                pass

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)


@pytest.mark.parametrize("options", [[], ["--no-keepalive"], ["--workers", 2], ["--warmup", 0]],
                         ids=["keepalive", "no-keepalive", "two-workers", "no-warmup"])
def test_load_counts_exactly_the_requests_that_the_server_counted(server, options):
    before = server.requests()
    code, result, stderr = load(server.web, "--connections", 8, "--duration", "300ms", "--warmup", "100ms",
                                "--json", *options)
    assert code == 0, stderr
    assert result["errors"] == {"connect": 0, "broken": 0, "timeout": 0, "status": 0}
    assert result["requests"] > 0
    wait_until(lambda: server.requests() - before >= answers(result), "the server counted fewer")
    assert server.requests() - before == answers(result)
    assert result["latency_ns"]["count"] == result["requests"]
    assert 0 < result["latency_ns"]["p50"] <= result["latency_ns"]["p99"] <= result["latency_ns"]["max"]
    expected = answers(result) if "--no-keepalive" in options else 8
    assert result["connects"] == expected


def test_load_measures_as_long_as_it_was_told_and_rates_over_that_time(server):
    _, result, _ = load(server.web, "--duration", "400ms", "--warmup", "0", "--json", "--workers", 2)
    assert result["measured_ns"] == 400_000_000
    assert not result["interrupted"]
    assert result["requests_per_second"] == pytest.approx(result["requests"] / 0.4)


def test_load_ends_at_the_number_of_requests_that_was_asked_for(server):
    code, result, _ = load(server.web, "--requests", 101, "--workers", 2, "--warmup", 0, "--json")
    assert code == 0
    assert result["requests"] == 101
    assert result["measured_ns"] < 10_000_000_000


def test_load_speaks_to_an_echo(server):
    code, result, stderr = load(server.echo, "--connections", 4, "--duration", "200ms", "--json")
    assert code == 0, stderr
    assert result["requests"] > 0
    assert result["bytes"] == 64 * result["requests"]
    assert sum(result["errors"].values()) == 0


def test_load_counts_errors_when_the_server_is_killed_in_the_middle(server):
    process = subprocess.Popen([COPPICE, "load", server.web, "--duration", "1500ms", "--warmup", "0", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: server.requests() > 0, "no request came")
        pids = [worker["pid"] for worker in server.ask("workers")["workers"]]
        for pid in pids: # or they would take leave of their clients when their master dies
            freeze(pid)
        server.process.kill()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    result = json.loads(stdout)
    assert process.returncode == 0, "something was answered"
    assert result["requests"] > 0
    assert result["errors"]["broken"] > 0
    assert result["errors"]["connect"] > 0
    assert result["errors"]["connect"] < 16 * 200, "it tried again without a pause"
    assert "cannot connect to" in stderr


def test_load_ends_early_with_what_it_measured(server):
    process = subprocess.Popen([COPPICE, "load", server.web, "--duration", "1h", "--warmup", "0", "--json"],
                               stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: server.requests() > 0, "no request came")
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    result = json.loads(stdout)
    assert process.returncode == 0
    assert result["interrupted"]
    assert result["requests"] > 0
    assert 0 < result["measured_ns"] < SECONDS * 1e9


def test_load_fails_when_nothing_is_answered():
    port, = free_ports(1)
    code, result, stderr = load(f"http://127.0.0.1:{port}/", "--duration", "200ms", "--warmup", 0, "--json")
    assert code == 1
    assert result["requests"] == 0
    assert result["errors"]["connect"] > 0
    assert "refused" in stderr


@pytest.mark.parametrize("answer, kind", [
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", "status"),
    (b"this is no HTTP\r\n\r\n", "broken"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "broken"),
], ids=["status", "no-http", "two-answers"])
def test_load_counts_a_wrong_answer_by_its_kind(answer, kind):
    def say(connection):
        connection.sendall(answer)
        return True

    with scripted_server(say) as url:
        _, result, _ = load(url, "--connections", 2, "--duration", "200ms", "--warmup", 0, "--json")
    assert result["errors"][kind] > 0
    assert sum(result["errors"].values()) == result["errors"][kind]
    assert (answers(result) > 0) == (kind == "status")


def test_load_counts_an_answer_that_ends_too_early_as_broken():
    def say(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        return False

    with scripted_server(say) as url:
        code, result, _ = load(url, "--connections", 2, "--duration", "200ms", "--warmup", 0, "--json")
    assert code == 1
    assert result["errors"]["broken"] > 0
    assert answers(result) == 0


def test_load_gives_up_on_an_answer_that_drips_past_the_timeout():
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            connection.sendall(b".")
            time.sleep(0.02)

    with scripted_server(drip) as url:
        code, result, _ = load(url, "--connections", 2, "--duration", "500ms", "--warmup", 0, "--timeout",
                               "150ms", "--json")
    assert code == 1
    assert result["errors"]["timeout"] > 0
    assert answers(result) == 0


@pytest.mark.parametrize("answer, keep", [
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", False),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", False),
], ids=["chunked", "until-the-end", "close"])
def test_load_understands_every_framing(answer, keep):
    def say(connection):
        for byte in answer:
            connection.sendall(bytes([byte]))
        return keep

    with scripted_server(say) as url:
        code, result, stderr = load(url, "--connections", 2, "--requests", 10, "--warmup", 0, "--json")
    assert code == 0, stderr
    assert result["requests"] == 10
    assert result["bytes"] == 10 * len(answer)
    assert sum(result["errors"].values()) == 0
    if not keep:
        assert result["connects"] >= 10


def test_load_prints_a_summary_for_people(server):
    done = subprocess.run([COPPICE, "load", server.web, "--duration", "300ms"], capture_output=True, text=True,
                          timeout=SECONDS, check=True)
    for word in ("requests", "latency", "p50", "p99.9", "bytes", "connects", "errors", "own CPU"):
        assert word in done.stdout
    assert "\033" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments, named", [
    ([], "expected a URL"),
    (["nonsense"], "expected http://"),
    (["https://127.0.0.1/"], "https is not supported"),
    (["http://example.org/"], "not resolved"),
    (["http://127.0.0.1:1/", "--connections", "0"], "out of range"),
    (["http://127.0.0.1:1/", "--connections", "1000000", "--workers", "1"], "RLIMIT_NOFILE"),
    (["http://127.0.0.1:1/", "--duration", "soon"], "no duration"),
    (["http://127.0.0.1:1/", "--frobnicate"], "unknown option"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_load_refuses_bad_arguments_in_one_line(arguments, named):
    done = subprocess.run([COPPICE, "load", *arguments], capture_output=True, text=True, timeout=SECONDS,
                          check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
