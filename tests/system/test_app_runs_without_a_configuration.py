# SPDX-License-Identifier: MIT
"""coppice run APP serves what the command line alone describes, says how to try it, and coppicectl finds it."""

import os
import re
import signal
import subprocess

import pytest

from clients import Client
from server import COPPICE, COPPICECTL
from waiting import DEADLINE, wait_until

REFUSED = 2


class Run:
    """One `coppice run WORDS`, whose run directory is `folder`."""

    def __init__(self, folder, *words):
        self.environment = {**os.environ, "RUNTIME_DIRECTORY": str(folder)}
        self.log = folder / f"log-{len(os.listdir(folder))}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [COPPICE, "run", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                cwd=folder,
            )

    def logged(self):
        return self.log.read_text(encoding="utf-8")

    def announced(self, pattern):
        """What a pattern finds in the announcement, as soon as all of it is there."""

        def find():
            assert self.process.poll() is None, self.logged()
            return "  control  " in self.logged() and re.search(pattern, self.logged())

        return wait_until(find, f"{pattern} is announced")

    def ctl(self, *words):
        return subprocess.run([COPPICECTL, *words], capture_output=True, text=True, timeout=DEADLINE, check=False,
                              env=self.environment)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0, self.logged()


@pytest.fixture(name="run")
def run_fixture(tmp_path):
    runs = []

    def run(*words):
        runs.append(Run(tmp_path, *words))
        return runs[-1]

    yield run
    for one in runs:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(DEADLINE)


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
