# SPDX-License-Identifier: MIT
"""tests/programs/ are whole programs over cop_run, for people to read; here they run."""

import contextlib
import os
import select
import signal
import socket
import subprocess

import pytest

from server import COPPICE
from waiting import DEADLINE

FOLDER = os.path.join(os.path.dirname(COPPICE), "programs")

SAYS = {
    "producer_consumer": ["100 items, sum 5050"],
    "bounded_gather": ["20 fetched, 4 at once"],
    "timeout_cleanup": ["working", "cleaned up", "timed out"],
    "first_come": ["10 laps", "20 laps", "30 laps"],
    "sort_in_child": ["ash", "hazel", "willow", "exit code 0"],
    "in_threads": ["4203 primes, 4 threads told"],
    "crawler": ["20 pages, 60 links"],
}


def program(name):
    return os.path.join(FOLDER, name)


def finish(process):
    """What it said from here on; it must have ended well and said nothing else."""
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


class Guest:
    """One who is in the chat room."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), DEADLINE)
        self.lines = self.socket.makefile("rw")
        assert self.hear() == "welcome"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, line):
        self.lines.write(line + "\n")
        self.lines.flush()

    def hear(self):
        return self.lines.readline().rstrip("\n")


@pytest.fixture(name="begin")
def begin_fixture():
    """begin(name) -> the running program and the first line that it said."""
    processes = []

    def begin(name):
        process = subprocess.Popen([program(name)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert select.select([process.stdout], [], [], DEADLINE)[0], f"{name} said nothing"
        return process, process.stdout.readline().strip()

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def run(name):
    done = subprocess.run([program(name)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", SAYS)
def test_program_does_what_it_says(name):
    assert run(name) == SAYS[name]


def test_echo_comes_back_to_every_client():
    assert sorted(run("echo_both_ends")) == ["one", "three", "two"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_work(begin, number):
    process, first = begin("until_signal")
    assert first == "ready"
    process.send_signal(number)
    assert finish(process) == [f"cancelled by {number.name}"]


def test_chat_line_goes_to_all_the_others(begin):
    process, address = begin("chat")
    host, port = address.rsplit(":", 1)
    with contextlib.ExitStack() as stack:
        ann, ben, cat = (stack.enter_context(Guest(host, int(port))) for _ in range(3))
        ann.send("I am Ann")
        assert (ben.hear(), cat.hear()) == ("I am Ann", "I am Ann")
        ben.send("I am Ben")
        assert (ann.hear(), cat.hear()) == ("I am Ben", "I am Ben")
        process.send_signal(signal.SIGTERM)
        assert finish(process) == ["closed on those who were there"]
        assert (ann.hear(), ben.hear(), cat.hear()) == ("", "", "")
