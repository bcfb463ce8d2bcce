# SPDX-License-Identifier: MIT
"""A reload that cannot succeed changes nothing, and says why to whoever asked, and to the log."""

import os
import signal
import socket
import subprocess

import pytest

from clients import Load
from modules import build
from server import COPPICECTL, SUPERVISION
from waiting import DEADLINE, wait_until

# An app that starts as its file says.
SOURCE = r"""
#include <coppice.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int start(struct cop_context *context)
{
    char mode[16] = "";
    FILE *file = fopen(MODE_FILE, "re");

    if (file == NULL || fgets(mode, sizeof(mode), file) == NULL)
        return -EIO;
    fclose(file);
    if (strcmp(mode, "fails") == 0) {
        snprintf(context->error, context->error_size, "the moon is not full");
        return -EINVAL;
    }
    if (strcmp(mode, "dies") == 0)
        _exit(3);
    while (strcmp(mode, "waits") == 0)
        pause();
    return 0;
}

static int answer(struct cop_request *request, struct cop_response *response)
{
    return cop_response_print(response, "moody\n");
}

const struct cop_app cop_app = {.abi = COP_ABI, .name = "moody", .handler = answer, .start = start};
"""


class Moody:
    def __init__(self, folder):
        self.mode = folder / "mode"
        self.app = str(folder / "moody.so")
        build(folder, SOURCE, "moody.so", f'-DMODE_FILE="{self.mode}"')

    def becomes(self, mode):
        self.mode.write_text(mode)


@pytest.fixture(name="moody", scope="module")
def moody_fixture(tmp_path_factory):
    return Moody(tmp_path_factory.mktemp("moody"))


def refused(server, *whys):
    """Ask for a reload, which must fail for that reason and leave all as it was."""
    pids, generation = server.worker_pids(), server.status()["generation"]
    done = server.ctl("reload")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.endswith(f"; generation {generation} serves on\n"), done.stderr
    for why in whys:
        assert why in done.stderr
        assert why in server.logged()
    status = server.status()
    assert (status["generation"], status["state"]) == (generation, "ok")
    assert whys[0] in status["last_failure"] and " failed after " in status["last_reload"]
    wait_until(lambda: set(server.generations()) == {generation}, "no other generation is left")
    assert server.worker_pids() == pids
    assert server.get().status == 200


@pytest.mark.parametrize(
    "text, whys",
    [
        ("pools: {web: {listen: '127.0.0.1:0', app: hello]}", ["coppice.yaml:1:"]),
        ("pools:\n  web: {lissten: '127.0.0.1:0'}", ['coppice.yaml:2:9: unknown key "lissten"', 'mean "listen"?']),
        ("pools:\n  web: {listen: '127.0.0.1:0', app: hello, workers: -1}", ["coppice.yaml:2:53: "]),
        ("{}", ["coppice.yaml:1:1: "]),
        ("include: nothing/here.yaml\npools: {}", ["coppice.yaml:1:"]),
    ],
    ids=["syntax", "unknown key", "bad value", "empty", "include"],
)
def test_file_with_a_mistake_is_refused_with_its_place(serve, text, whys):
    server = serve()
    server.write(text)
    refused(server, *whys)


def test_file_that_is_gone_is_refused(serve):
    server = serve()
    os.unlink(server.config)
    refused(server, "coppice.yaml")


def test_address_in_use_is_refused_and_others_are_not_bound(serve):
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        other = free.getsockname()
        free.close()
        server.configure({"web": {}, "more": {"listen": ["%s:%d" % other, address]}})
        refused(server, f"pool more: {address}: address already in use", "coppice.yaml:1:")
        with socket.create_server(other):
            pass
    assert server.reload()["pools_added"] == ["more"]


@pytest.mark.parametrize(
    "app, why",
    [("helo", 'there is no app "helo"'), ("./none.so", "No such file"), ("./text.so", "invalid ELF header")],
)
def test_app_that_does_not_load_is_refused(serve, app, why):
    server = serve({"web": {"workers": 3}})
    (server.folder / "text.so").write_text("text, and long enough that nobody takes it for a file header\n" * 4)
    server.configure({"web": {"workers": 3, "app": app}})
    refused(server, why, "coppice.yaml:1:")


def test_app_whose_option_is_wrong_is_refused_with_its_place(serve):
    server = serve()
    server.configure({"web": {"app": "files", "options": {"rooot": "/tmp"}}})
    refused(server, "rooot", "coppice.yaml:1:")


def test_app_whose_start_fails_is_refused(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app, "workers": 2}})
    moody.becomes("fails")
    refused(server, "the moon is not full")


def test_worker_that_dies_at_its_start_is_refused(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app, "workers": 2}})
    moody.becomes("dies")
    refused(server, "left with exit code 3")
    assert server.status("web")["crashes"] == 0
    moody.becomes("good")
    assert server.ctl("reload").returncode == 0


def test_worker_that_is_not_ready_in_time_is_refused(serve, moody):
    """And the one that was ready beside it may have served already: it drains."""
    moody.becomes("good")
    pools = {"web": {"workers": 2}, "moody": {"app": moody.app}}
    server = serve(pools, supervision={"start_timeout": "300ms"})
    moody.becomes("waits")
    with Load(server.address(), clients=4, keep_alive=False) as load:
        refused(server, "moody/0 is not ready after start_timeout (0.3 s)")
    assert load.failures() == []
    server.counts(load.total() + 1, "requests")


def test_worker_that_is_killed_while_it_starts_fails_the_reload(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app}})
    moody.becomes("waits")
    with ask(server) as asking:
        os.kill(starting(server), signal.SIGKILL)
        _, error = asking.communicate(timeout=DEADLINE)
    assert asking.returncode == 1 and "web/0 died of SIGKILL" in error
    assert server.get().status == 200


def ask(server):
    """For a reload that is not decided at once."""
    words = [COPPICECTL, "--socket", server.socket, "reload"]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def starting(server):
    """The pid of a worker that is not ready."""

    def find():
        return next((row["pid"] for row in server.workers() if row["state"] == "starting"), None)

    return wait_until(find, "a worker starts")


def test_serving_worker_that_is_killed_meanwhile_is_replaced(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app}, "other": {"workers": 2}})
    moody.becomes("waits")
    server.signal(signal.SIGHUP)
    pid = starting(server)
    killed = next(row["pid"] for row in server.workers("other") if row["generation"] == 1)
    os.kill(killed, signal.SIGKILL)

    def is_replaced():
        pids = {row["pid"] for row in server.workers("other") if (row["generation"], row["state"]) == (1, "ready")}
        return len(pids) == 2 and killed not in pids

    wait_until(is_replaced, "the generation that serves is whole again")
    moody.becomes("good")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "failed" in (server.status()["last_reload"] or ""), "the reload has failed")
    assert server.reload()["generation"] == 3


@pytest.mark.parametrize("now", [[], ["--now"]])
def test_stop_during_a_reload_stops_everything(serve, moody, now):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app, "workers": 2}})
    moody.becomes("waits")
    with ask(server) as asking:
        starting(server)
        server.ctl("stop", *now)
        _, error = asking.communicate(timeout=DEADLINE)
    assert asking.returncode == 1 and "the server stops" in error
    assert server.exit_code() == 0
    assert server.pids() == []


def test_hup_during_a_reload_is_not_lost(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app}})
    moody.becomes("waits")
    server.signal(signal.SIGHUP)
    pid = starting(server)
    server.configure({"web": {"app": "hello", "workers": 3}})
    for _ in range(5):
        server.signal(signal.SIGHUP)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: server.status("web")["workers_ready"] == 3, "the second reload has come")
    assert server.status()["generation"] == 3


def test_log_level_for_a_while_ends_though_a_reload_that_failed_came_between(serve, moody):
    moody.becomes("good")
    server = serve({"web": {"app": moody.app}}, supervision={"start_timeout": "1500ms"})
    moody.becomes("waits")
    server.data("loglevel", level="debug", **{"for": "500ms"})
    refused(server, "is not ready after start_timeout")
    moody.becomes("good")

    def is_quiet():
        before = server.logged().count(" starts\n")
        server.data("scale", pool="web", workers="+1")
        server.data("scale", pool="web", workers="-1")
        return server.logged().count(" starts\n") == before

    wait_until(is_quiet, "the level is back")


# ---- what a good one changes


def test_answer_tells_what_changed(serve):
    server = serve({"web": {"workers": 1}, "old": {}, "same": {}})
    server.data("scale", pool="same", workers=2)
    server.configure({"web": {"workers": 2, "app": "wait"}, "new": {}, "same": {}}, supervision={"drain_timeout": "7s"})
    done = server.ctl("reload")
    assert done.returncode == 0 and "reload ok" in done.stdout and "pools.web.workers" in done.stdout
    assert {row["pool"]: row["workers_ready"] for row in server.status()["pools"]} == {"web": 2, "new": 1, "same": 1}
    assert server.get("/0").body == b"done\n"
    data = server.reload({"web": {}, "old": {}, "same": {}})
    assert (data["verdict"], data["generation"]) == ("ok", 3)
    assert (data["pools_added"], data["pools_removed"]) == (["old"], ["new"])
    changes = {row["key"]: (row["before"], row["after"]) for row in data["changes"]}
    assert changes["pools.web.workers"] == ("2", "1")
    assert set(changes) == {"pools.web.workers", "pools.web.app", "supervision.drain_timeout"}
    assert server.reload()["changes"] == []
    assert " ok after " in server.status()["last_reload"]


def test_scale_lasts_until_the_reload(serve):
    server = serve({"web": {"workers": 2}})
    assert server.data("scale", pool="web", workers=4)["lasts"] == "until the next reload"
    assert any("scaled to 4 workers" in note for note in server.reload()["notes"])
    assert server.status("web")["workers_wanted"] == 2


def test_log_settings_apply(serve):
    server = serve()
    path = server.folder / "server.log"
    server.reload({"web": {}}, log={"output": str(path), "format": "json", "level": "debug"})
    assert server.get().status == 200
    assert '"level":"debug"' in path.read_text()
    (server.folder / "folder").mkdir()
    server.configure({"web": {}}, log={"output": str(server.folder / "folder")})
    done = server.ctl("reload")
    assert done.returncode == 1 and "log.output" in done.stderr and "folder" in done.stderr
    size = path.stat().st_size
    other = server.folder / "other.log"
    server.configure({"web": {"app": "helo"}}, log={"output": str(other)})
    assert server.ctl("reload").returncode == 1
    assert path.stat().st_size > size and "serves on" in path.read_text()
    assert "serves on" not in other.read_text()
    server.reload({"web": {}})
    assert "serves, after" in server.logged()


def test_control_socket_takes_its_mode_and_keeps_its_place(serve):
    server = serve()
    control = {"socket": server.socket, "mode": "0600"}
    server.reload({"web": {}}, control=control)
    assert os.stat(server.socket).st_mode & 0o777 == 0o600
    data = server.reload({"web": {}}, control={**control, "socket": str(server.folder / "other.sock")})
    assert any("until the next restart" in note for note in data["notes"])
    assert server.status()["state"] == "ok"


def build_module(folder, handler):
    """An app whose handler has this body; its path."""
    source = f"""
        #include <coppice.h>
        #include <unistd.h>
        static int answer(struct cop_request *request, struct cop_response *response) {{ {handler} }}
        const struct cop_app cop_app = {{.abi = COP_ABI, .name = "it", .handler = answer}};
    """
    return str(build(folder, source))


def test_module_is_loaded_anew(serve, tmp_path):
    server = serve({"web": {"app": build_module(tmp_path, 'return cop_response_print(response, "one");')}})
    assert server.get().body == b"one"
    build_module(tmp_path, 'return cop_response_print(response, "two");')
    server.reload()
    assert server.get().body == b"two"


@pytest.mark.parametrize("threads, tasks", [(1, 100), (3, 100), (1, 1), (2, 1)])
def test_once_told_that_it_went_well_nobody_meets_the_workers_before(serve, tmp_path, threads, tasks):
    app = build_module(tmp_path, 'return cop_response_print(response, "%d", getpid());')
    server = serve({"web": {"app": app, "threads": threads, "tasks": tasks, "workers": 2}})
    for _ in range(10):
        before = {row["pid"] for row in server.workers()}
        server.reload()
        met = {int(server.get().body) for _ in range(5)}
        assert not met & before


# ---- the service manager


class Manager:
    """What systemd hears."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(DEADLINE)

    def hears(self):
        """The next datagram, as a dict."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


def test_service_manager_is_told(start, tmp_path):
    manager = Manager(tmp_path)
    server = start({"web": {}}, environ={"NOTIFY_SOCKET": manager.path})
    told = manager.hears()
    assert told["READY"] == "1" and "generation 1" in told["STATUS"]
    server.ready()
    for bad in (False, True, False):
        server.configure({"web": {"app": "helo" if bad else "hello"}}, supervision=SUPERVISION)
        server.signal(signal.SIGHUP)
        told = manager.hears()
        assert told["RELOADING"] == "1" and int(told["MONOTONIC_USEC"]) > 0 and told["STATUS"]
        told = manager.hears()
        assert told["READY"] == "1" and ("reload failed: " in told["STATUS"]) == bad
    server.signal(signal.SIGTERM)
    assert manager.hears()["STOPPING"] == "1"
    assert server.exit_code() == 0
    manager.socket.close()
