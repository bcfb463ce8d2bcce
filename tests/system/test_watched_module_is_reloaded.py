# SPDX-License-Identifier: MIT
"""coppice run --watch serves what was changed; what does not build or load is told, and the old one serves on."""

import json
import os
import re
import signal
import subprocess

import pytest

from clients import Client
from server import COPPICE
from waiting import DEADLINE, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
APP = """
#include <coppice.h>
static int hello(struct cop_request *request, struct cop_response *response)
{
    cop_response_text(response, "%s");
    return 0;
}
const struct cop_app cop_app = {.abi = COP_ABI, .name = "app", .handler = hello};
"""
BUILD = f"cc -shared -fPIC -I{ROOT} -I{ROOT}/worker -o app.so app.c"


class App:
    """A module with its source, in the folder of a server."""

    def __init__(self, folder):
        self.folder = folder
        self.write("one")
        self.build()

    def write(self, text, source=APP):
        """As an editor does: another file in its place."""
        path = self.folder / "app.c.new~"
        path.write_text(source % text)
        path.rename(self.folder / "app.c")

    def build(self):
        subprocess.run(BUILD, shell=True, cwd=self.folder, timeout=DEADLINE, check=True)

    def answers(self, text):
        def is_so():
            with Client(str(self.folder / "s")) as client:
                return client.get("/").body == text.encode()

        wait_until(is_so, f"the app answers {text}")


@pytest.fixture(name="app")
def app_fixture(tmp_path):
    return App(tmp_path)


def serve(run, app, *words):
    server = run("./app.so", *words, "--workers=1", f"--listen=unix:{app.folder}/s")
    server.announced("try: curl")
    server.says("watching ")
    return server


@pytest.mark.parametrize("words", [("--watch",), ("--watch=app.so",)])
def test_module_that_is_put_in_place_is_served(run, app, words):
    server = serve(run, app, *words)
    app.answers("one")
    app.write("two")
    app.build()
    app.answers("two")
    server.says("reload (app.so changed)")
    assert "app.c" not in server.logged()
    server.stop()


def test_source_is_built_and_what_fails_leaves_the_old_one(run, app):
    server = serve(run, app, "--build", BUILD)
    app.write("two")
    app.answers("two")
    app.write("three", APP + "not C at all\n")
    server.says("the build failed with exit code 1")
    assert "app.c:9" in server.logged(), "what the compiler printed is shown"
    app.answers("two")
    app.write("three", APP.replace("COP_ABI", "99"))
    server.says("failed: ./app.so: built for ABI 99")
    app.answers("two")
    assert "built for ABI 99" in server.ctl("status").stdout
    app.write("three")
    app.answers("three")
    server.stop()


def test_module_that_is_not_there_yet_is_built_first(run, app):
    (app.folder / "app.so").unlink()
    server = serve(run, app, "--build", BUILD)
    app.answers("one")
    server.stop()


def test_first_build_that_fails_is_refused(app):
    app.write("one", APP + "not C at all\n")
    done = subprocess.run([COPPICE, "run", "./app.so", "--build", BUILD], capture_output=True, text=True,
                          timeout=DEADLINE, check=False, cwd=app.folder)
    assert done.returncode == 2
    assert "app.c:9" in done.stderr
    assert done.stderr.endswith(f"coppice run: the build failed with exit code 1 ({BUILD}), expected it to succeed"
                                " once\n")


def test_build_that_leaves_files_among_the_sources_comes_to_an_end(run, app):
    server = serve(run, app, "--build", f"date > made.txt; {BUILD}; date > made.txt")
    app.write("two")
    server.says("built in", times=2)  # once more, as nobody knows yet whose made.txt is
    app.write("three")
    app.answers("three")
    server.says("built in", times=3)
    server.stop()
    assert server.logged().count(": building (") == 3


def is_dead(pid):
    """Whoever is its parent now may not have looked yet: then it has no command line any more."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read() == b""
    except OSError:
        return True


def test_build_that_runs_ends_with_the_server(run, app, tmp_path):
    server = serve(run, app, "--build", "test ! -e go~ || { echo $$ > pid~; exec sleep 1000; }")
    (tmp_path / "go~").touch()
    app.write("two")
    pid = wait_until(lambda: (tmp_path / "pid~").exists() and (tmp_path / "pid~").read_text().strip(), "it builds")
    server.stop()
    wait_until(lambda: is_dead(pid), "the build is gone")


def test_build_that_ends_while_the_server_stops_is_for_nothing(run, app, tmp_path):
    waits = "test ! -e go~ || { touch begun~; until test -e end~; do sleep 0.02; done; }"
    server = serve(run, app, "--build", waits, "--drain-grace=60s")
    (tmp_path / "go~").touch()
    app.write("two")
    wait_until((tmp_path / "begun~").exists, "it builds")
    server.process.send_signal(signal.SIGTERM)
    server.says("stopping: SIGTERM")
    (tmp_path / "end~").touch()
    server.says("built in")
    server.stop()
    assert "reload" not in server.logged()


def test_configuration_is_watched_and_a_wrong_one_refused(run, tmp_path):
    config = tmp_path / "web.yaml"
    web = {"app": "hello", "listen": f"unix:{tmp_path}/s", "workers": 1}
    pools = {"pools": {"web": web}, "control": {"socket": "own"}}
    config.write_text(json.dumps(pools))
    server = run("web.yaml", "--watch")
    server.says("watching web.yaml")
    config.write_text(json.dumps({**pools, "lag": {}}))
    server.says("web.yaml:1:")
    config.write_text(json.dumps({**pools, "log": {"level": "debug"}}))
    server.says("reload (web.yaml changed): generation")
    server.stop()


@pytest.mark.parametrize("words, why", [
    (["hello", "--watch"], '--watch: "hello" is built in, expected a module or --watch=PATH'),
    (["hello", "--watch=none"], '--watch: "none": No such file or directory, expected a file or a folder'),
    (["hello", "--build"], "--build has no value, expected a command"),
    (["hello", "--watch", "/"], r"\(what to watch is written --watch=PATH\)"),
])
def test_mistake_is_refused(tmp_path, words, why):
    done = subprocess.run([COPPICE, "run", *words], capture_output=True, text=True, timeout=DEADLINE, check=False,
                          cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(why, done.stderr), done.stderr
