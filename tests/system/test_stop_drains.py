# SPDX-License-Identifier: MIT
"""A stop answers what is in flight and leaves nothing behind; a second one does not wait."""

import os
import signal
import socket
import subprocess

import pytest

from clients import Client
from modules import build
from server import COPPICECTL, SANITIZED
from waiting import DEADLINE, wait_until

MODELS = pytest.mark.parametrize("tasks", [100, 1])
WAITS = {"app": "wait", "workers": 1}

# Its handler leaves the stack less room than the kernel takes for a signal, and holds its loop.
DEEP = """
#include <alloca.h>
#include <coppice.h>
#include <stdint.h>
#include <unistd.h>

enum { PAGE = 4096, LEFT = 300 };

static int deep(struct cop_request *request, struct cop_response *response)
{
    volatile char here, *reserved;
    uintptr_t low = (uintptr_t)&here & -(uintptr_t)PAGE;

    errno = 0; /* the guard is the first page that the kernel cannot read */
    while (access((char *)(low - PAGE), F_OK) == 0 || errno != EFAULT)
        low -= PAGE;
    reserved = alloca((uintptr_t)&here - low - LEFT);
    for (;;)
        reserved[0]++;
    return 0;
}

const struct cop_app cop_app = {.abi = COP_ABI, .name = "deep", .handler = deep};
"""


def in_flight(server, path):
    """A client whose request a worker is busy with."""
    client = server.client()
    client.ask(path)
    server.reaches(len(path), "bytes_in")
    return client


def is_cut(client):
    """It was told that the request failed, or nothing."""
    return b"200 OK" not in client.reader.read()


def refused(address):
    try:
        Client(address).close()
        return False
    except ConnectionRefusedError:
        return True


def is_free(address):
    """A process gives up its name a moment before its sockets."""
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            again.bind(address)
            return True
        except OSError:
            return False


@MODELS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_request_in_flight_is_answered(serve, tasks, number):
    server = serve({"web": {**WAITS, "tasks": tasks}})
    address = server.address()
    with in_flight(server, "/300") as client:
        server.signal(number)
        answer = client.answer()
        assert (answer.status, answer.body) == (200, b"done\n")
        assert answer.headers["connection"] == "close"
        assert client.is_closed()
    assert server.exit_code() == 0
    assert server.pids() == []
    assert refused(address)


def test_new_clients_are_served_while_the_grace_lasts(serve):
    """So that balancers learn from `status` before connections are refused; the second signal cuts it short."""
    server = serve({"web": {"workers": 1}}, supervision={"drain_grace": "1h"})
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.status()["state"] == "stopping", "status tells of the stop")
    with server.client() as client:
        assert client.get().status == 200
    server.signal(signal.SIGTERM)
    assert server.exit_code() == 0


def test_hup_while_the_server_stops_is_for_nothing(serve):
    server = serve({"web": {"workers": 1}}, supervision={"drain_grace": "1h"})
    server.signal(signal.SIGTERM)
    wait_until(lambda: server.status()["state"] == "stopping", "status tells of the stop")
    server.signal(signal.SIGHUP)
    wait_until(lambda: "no reload, the server is stopping" in server.logged(), "it says so")
    server.stop()
    assert " error " not in server.logged()


def test_drain_follows_the_grace(serve):
    server = serve({"web": {"workers": 1}}, supervision={"drain_grace": "50ms"})
    server.signal(signal.SIGTERM)
    assert server.exit_code() == 0


@MODELS
@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_waits_for_nobody(serve, tasks, first, second):
    server = serve({"web": {**WAITS, "tasks": tasks}}, supervision={"drain_timeout": "1h", "kill_timeout": "1h"})
    with in_flight(server, "/60000") as client:
        server.signal(first)
        wait_until(lambda: server.workers()[0]["state"] == "draining", "the worker drains")
        server.signal(second)
        assert server.exit_code() == 0
        assert is_cut(client)


@MODELS
def test_drain_ends_at_drain_timeout(serve, tasks):
    server = serve({"web": {**WAITS, "tasks": tasks}}, supervision={"drain_timeout": "100ms"})
    with in_flight(server, "/60000") as client:
        server.stop()
        assert is_cut(client)


def test_worker_that_does_not_leave_is_killed(serve):
    server = serve(supervision={"drain_timeout": "50ms", "kill_timeout": "50ms"})
    os.kill(server.worker_pids()[0], signal.SIGSTOP)
    server.stop()
    assert "SIGKILL" in server.logged()


@MODELS
def test_idle_connections_are_closed(serve, tasks):
    server = serve({"web": {"tasks": tasks}})
    with server.client() as client:
        assert client.get().status == 200
        server.stop()
        assert client.is_closed()


def test_stop_command_is_complete_when_it_returns(serve):
    server = serve({"web": WAITS})
    client = in_flight(server, "/200")
    with subprocess.Popen([COPPICECTL, "--socket", server.socket, "stop"]) as stop:
        assert client.answer().status == 200
        client.close()
        assert stop.wait(DEADLINE) == 0
    assert server.exit_code() == 0
    assert server.pids() == []
    assert not os.path.exists(server.socket)


def test_stop_now_command_waits_for_nobody(serve):
    server = serve({"web": WAITS}, supervision={"drain_timeout": "1h"})
    with in_flight(server, "/60000") as client:
        assert server.ctl("stop", "--now").returncode == 0
        assert is_cut(client)
    assert server.exit_code() == 0


@MODELS
@pytest.mark.parametrize("path", [None, "/300"])
def test_killed_master_leaves_no_orphan(serve, tasks, path):
    """Its workers answer what they have, then they go, and the port is free."""
    server = serve({"web": {**WAITS, "workers": 2, "tasks": tasks}})
    address = server.address()
    client = in_flight(server, path) if path else server.client()
    server.signal(signal.SIGKILL)
    server.exit_code()
    if path:
        assert client.answer().status == 200
    assert client.is_closed()
    client.close()
    wait_until(lambda: not server.pids(), "the workers have left")
    wait_until(lambda: is_free(address), "the port is free")


def test_worker_that_hangs_does_not_outlive_a_killed_master(serve):
    server = serve({"web": {"app": "burn", "workers": 1}}, supervision={"hang_warn": "100ms"})
    address = server.address()
    with server.client() as client:
        client.ask("/block/60000")
        wait_until(lambda: "no beat for" in server.logged(), "it hangs")
        server.signal(signal.SIGKILL)
        server.exit_code()
        assert is_cut(client)
    wait_until(lambda: not server.pids() and is_free(address), "the worker has left, and the port is free")


def is_pending(pid, number):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        mask = next(line.split()[1] for line in file if line.startswith("ShdPnd:"))
    return int(mask, 16) >> (number - 1) & 1


@pytest.mark.skipif(SANITIZED, reason="signals have no stack of their own there")
def test_end_of_the_master_reaches_a_worker_whose_task_has_used_up_its_stack(serve, tmp_path):
    server = serve({"web": {"app": str(build(tmp_path, DEEP)), "workers": 1}})
    [worker] = [row["pid"] for row in server.workers()]
    with server.client() as client:
        client.ask("/")
        wait_until(lambda: "holds its loop" in server.logged(), "it hangs")
        server.signal(signal.SIGKILL)
        server.exit_code()
        wait_until(lambda: is_pending(worker, signal.SIGTERM), "the worker is told to drain")
    os.kill(worker, signal.SIGKILL)


@MODELS
def test_client_that_never_closes_holds_nobody_up(serve, tasks):
    """The server says that no more comes, waits a little for the client to agree, and goes."""
    server = serve({"web": {**WAITS, "tasks": tasks}}, supervision={"drain_timeout": "1h"})
    with in_flight(server, "/100") as client:
        server.signal(signal.SIGTERM)
        assert client.answer().status == 200
        assert server.exit_code() == 0


def test_start_after_a_killed_master_finds_the_sockets_free(serve, start):
    """The files of UNIX sockets stay behind, and are no obstacle."""
    server = serve()
    server.signal(signal.SIGKILL)
    server.exit_code()
    wait_until(lambda: not server.pids(), "the workers have left")
    assert os.path.exists(server.socket)
    assert start({"web": {}}, control={"socket": server.socket}).log
    wait_until(lambda: server_answers(server), "the next one answers at the same path")


def server_answers(server):
    try:
        return server.status()["state"] == "ok"
    except OSError:
        return False
