# SPDX-License-Identifier: MIT
"""coppice run APP serves what the command line alone describes, says how to try it, and coppicectl finds it."""

import os
import re
import subprocess

import pytest

from clients import Client
from server import COPPICE
from waiting import DEADLINE

REFUSED = 2


@pytest.mark.parametrize("app, path, body", [("hello", "/", b"Hello, World!"), ("wait", "/20", b"done\n")])
def test_announced_example_answers(run, app, path, body):
    server = run(app, "--listen", "127.0.0.1:0", "--workers", "1")
    found = server.announced(r"try: curl http://127.0.0.1:(\d+)(/\S*)")
    assert found[2] == path
    with Client(("127.0.0.1", int(found[1]))) as client:
        answer = client.get(found[2])
    assert (answer.status, answer.body) == (200, body)
    server.stop()


def test_app_without_http_is_announced_with_nc(run):
    server = run("echo", "--listen", "127.0.0.1:0", "--workers", "1")
    server.announced(r"try: nc 127\.0\.0\.1 \d+")
    server.stop()


def test_files_serves_the_folder_that_an_option_names(run, tmp_path):
    (tmp_path / "index.html").write_text("home")
    server = run("files", "--listen=unix:" + str(tmp_path / "s"), "--workers=1", "--option", f"root={tmp_path}")
    server.announced(r"try: curl --unix-socket \S+ http://localhost/")
    with Client(str(tmp_path / "s")) as client:
        assert client.get("/").body == b"home"
    server.stop()


def test_two_servers_have_control_sockets_of_their_own_and_are_found(run):
    words = ("hello", "--listen", "127.0.0.1:0", "--workers", "1")
    first = run(*words)
    own = first.announced(r"coppicectl --socket (\S+) status")[1]
    assert f"pid {first.process.pid}" in first.ctl("status").stdout
    second = run(*words)
    other = second.announced(r"coppicectl --socket (\S+) status")[1]
    assert own != other
    assert f"pid {second.process.pid}" in second.ctl("--socket", other, "status").stdout
    refused = second.ctl("status")
    assert refused.returncode == REFUSED and own in refused.stderr and other in refused.stderr
    first.process.kill()
    first.process.wait(DEADLINE)
    assert f"pid {second.process.pid}" in second.ctl("status").stdout, "a dead server's socket is no choice"
    second.stop()
    assert "is the server running?" in second.ctl("status").stderr


def test_path_of_an_option_is_one_from_here(run, tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "a.txt").write_text("here\n", encoding="utf-8")
    server = run("files", "--option", "root=page", "--workers", "1", "--listen", "127.0.0.1:0")
    port = server.announced(r"http://127\.0\.0\.1:(\d+)/").group(1)
    with Client(("127.0.0.1", int(port))) as client:
        assert client.get("/a.txt").body == b"here\n"
    server.stop()


def test_dump_is_a_configuration_to_the_same_effect(tmp_path):
    words = ["hello", "--workers", "3", "--listen", "127.0.0.1:1", "--option", "a=$${x}\"", "--log-format", "json"]
    dump = subprocess.run([COPPICE, "run", *words, "--dump"], capture_output=True, text=True, timeout=DEADLINE,
                          check=True).stdout
    path = tmp_path / "dump.yaml"
    path.write_text(dump, encoding="utf-8")
    again = subprocess.run([COPPICE, "check", path, "--dump"], capture_output=True, text=True, timeout=DEADLINE,
                           check=True).stdout
    assert again == dump and "workers: 3" in dump


@pytest.mark.parametrize("words, why", [
    (["helo"], r'coppice run: "helo" is neither an app nor a file, expected .*\(did you mean "hello"\?\)\n'),
    (["hello", "--tasks", "many"], r'coppice run: --tasks: "many" is not allowed, expected a whole number .*\n'),
    (["hello", "--task", "3"], r'coppice run: unknown option "--task", .*\(did you mean "--tasks"\?\)\n'),
    (["files", "--workers", "1", "--listen", "127.0.0.1:0", "--option", "rot=/"],
     r'(?s).*--option: the app has no option "rot", expected root, .*\(did you mean "root"\?\)\n.*'),
    (["hello", "--workers", "1", "--listen", "127.0.0.1:0", "--option", "root=/"],
     r'(?s).*--option: the app has no option "root", expected no option at all\n.*'),
    (["files", "--workers", "1", "--listen", "127.0.0.1:0"],
     r'(?s).*files: the app needs the option "root", expected an absolute path.*'),
])
def test_mistake_is_refused_with_its_place(tmp_path, words, why):
    done = subprocess.run([COPPICE, "run", *words], capture_output=True, text=True, timeout=DEADLINE, check=False,
                          env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)})
    assert done.returncode == REFUSED
    assert re.fullmatch(why, done.stderr), done.stderr


def test_run_without_a_word_says_how_it_needs_no_configuration(tmp_path):
    environment = {**os.environ, "COPPICE_CONFIG": str(tmp_path / "none.yaml")}
    done = subprocess.run([COPPICE, "run"], capture_output=True, text=True, timeout=DEADLINE, check=False,
                          env=environment)
    assert done.returncode == REFUSED
    assert "none.yaml:1:1: cannot read it" in done.stderr and "coppice run hello" in done.stderr


@pytest.mark.parametrize("words", [["help"], ["help", "commands"], ["version"]])
def test_output_that_cannot_be_written_is_a_failure(words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COPPICE, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                              check=False)
    assert done.returncode == 1 and "cannot write" in done.stderr
