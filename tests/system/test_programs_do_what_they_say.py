# SPDX-License-Identifier: MIT
"""tests/programs/ are whole programs over cop_run, for people to read; here they run."""

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys

import pytest

from server import COPPICE
from waiting import DEADLINE

FOLDER = os.path.join(os.path.dirname(COPPICE), "programs")
TWINS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs", "twins")

# Each program is there twice, with the same output: over Coppice and over asyncio.
KINDS = ["coppice"] + ["asyncio"] * (sys.version_info >= (3, 11))

SAYS = {
    "producer_consumer": ["100 items, sum 5050"],
    "bounded_gather": ["20 fetched, 4 at once"],
    "timeout_cleanup": ["working", "cleaned up", "timed out"],
    "first_come": ["10 laps", "20 laps", "30 laps"],
    "sort_in_child": ["ash", "hazel", "willow", "exit code 0"],
    "in_threads": ["4203 primes, 4 threads told"],
    "crawler": ["20 pages, 60 links"],
}


def program(kind, name):
    if kind == "asyncio":
        return [sys.executable, "-I", os.path.join(TWINS, f"{name}.py")]
    return [os.path.join(FOLDER, name)]


def lines_of_code(path):
    """Lines that are neither blank nor comments; in C also without includes and lone braces."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r'/\*.*?\*/|^ *""".*?"""|^ *# .*?$', "", file.read(), flags=re.S | re.M)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return len(lines), sum(not re.fullmatch(r"#include .*|[{}]", line) for line in lines)


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
    """begin(kind, name) -> the running program and the first line that it said."""
    processes = []

    def begin(kind, name):
        process = subprocess.Popen(program(kind, name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert select.select([process.stdout], [], [], DEADLINE)[0], f"{name} said nothing"
        return process, process.stdout.readline().strip()

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def run(kind, name):
    done = subprocess.run(program(kind, name), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_readme_counts_the_lines_of_the_programs_and_their_twins():
    folder = os.path.dirname(TWINS)
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", file.read(), re.M)
    names = sorted(name[:-2] for name in os.listdir(folder) if name.endswith(".c"))
    counted = [(name, *lines_of_code(os.path.join(folder, f"{name}.c")),
                lines_of_code(os.path.join(TWINS, f"{name}.py"))[0]) for name in names]
    assert [(name, *map(int, numbers)) for name, *numbers in rows] == counted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SAYS)
def test_program_does_what_it_says(kind, name):
    assert run(kind, name) == SAYS[name]


@pytest.mark.parametrize("kind", KINDS)
def test_echo_comes_back_to_every_client(kind):
    assert sorted(run(kind, "echo_both_ends")) == ["one", "three", "two"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_work(begin, kind, number):
    process, first = begin(kind, "until_signal")
    assert first == "ready"
    process.send_signal(number)
    assert finish(process) == [f"cancelled by {number.name}"]


@pytest.mark.parametrize("kind", KINDS)
def test_chat_line_goes_to_all_the_others(begin, kind):
    process, address = begin(kind, "chat")
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
