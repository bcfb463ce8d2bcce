# SPDX-License-Identifier: MIT
"""An app from outside is built, loaded and served; what is none is refused with the reason."""

import json
import os
import re
import signal
import subprocess

import pytest

from clients import Client
from modules import ROOT, build
from waiting import wait_until

COPPICE = os.path.abspath(os.environ.get("COPPICE", "build/coppice"))


def refused(folder, app):
    config = folder / "refused.yaml"
    pool = f'{{listen: "127.0.0.1:0", app: "{app}", workers: 1}}'
    config.write_text(f"control: {{socket: none}}\npools: {{web: {pool}}}\n")
    done = subprocess.run([COPPICE, "run", config], text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode not in (0, 1), done
    return done.stderr + done.stdout


def test_example_module_is_loaded_and_serves(serve, tmp_path):
    with open(f"{ROOT}/etc/examples/myapp.c", encoding="utf-8") as file:
        path = build(tmp_path, file.read(), "myapp.so")
    server = serve({"web": {"app": str(path), "workers": 1}})
    answer = server.get("/hello/you")
    assert answer.status == 200 and answer.body == b"Hello, you!\n"


@pytest.mark.parametrize("source, why", [
    ("int other;", "no symbol cop_app"),
    ("unsigned cop_app[32] = {3};", "built for ABI 3, this is 2"),
    ("unsigned cop_app[32] = {0};", "cop_app has no .abi, expected COP_ABI"),
    ("int missing(void); int cop_app(void) { return missing(); }", "undefined symbol: missing"),
])
def test_module_that_does_not_fit_is_refused_with_the_reason(tmp_path, source, why):
    build(tmp_path, source)
    assert why in refused(tmp_path, "./app.so")


def test_what_is_no_module_is_refused_with_the_reason(tmp_path):
    (tmp_path / "text.so").write_text("text, and long enough that nobody takes it for a file header\n" * 4)
    assert "No such file" in refused(tmp_path, "./none.so")
    assert "invalid ELF header" in refused(tmp_path, "./text.so")


OPTIONED = """
#include <coppice.h>

struct state {
    uint64_t most;
    char *name;
    unsigned number;
};

static int hello(struct cop_request *request, struct cop_response *response)
{
    return 0;
}

static const struct config_key options[] = {
    COP_OPTION(struct state, most, CONFIG_SIZE, "1KiB", 0, 1 << 20, "a size"),
    COP_OPTION(struct state, name, CONFIG_STRING, "none", 1, 10, "a text"),
    COP_OPTION(struct state, number, CONFIG_INTEGER, "7", 1, 10, "a number"), COP_OPTIONS_END};

const struct cop_app cop_app = {
    .abi = COP_ABI, .name = "optioned", .handler = hello, .state_size = sizeof(struct state), .options = options};
"""


@pytest.mark.parametrize("right, wrong, why", [
    ('"7"', '"70"', 'default "70" of the option "number", expected a whole number from 1 to 10'),
    ('"1KiB"', '"1XB"', 'default "1XB" of the option "most", expected a size from 0 to 1MiB'),
    ("CONFIG_STRING", "CONFIG_LISTEN", 'option "name" is of no kind for options, expected CONFIG_BOOL, '),
    ("CONFIG_INTEGER", "CONFIG_SIZE", 'option "number" has a field of 4 bytes, expected 8 for a size'),
    (".state_size = sizeof(struct state), ", "", 'option "most" lies beyond .state_size'),
])
def test_options_that_do_not_fit_are_refused_with_the_reason(tmp_path, right, wrong, why):
    build(tmp_path, OPTIONED.replace(right, wrong))
    assert why in refused(tmp_path, "./app.so")


MISTAKEN = """
#include <coppice.h>

static int far_below(struct cop_request *request, struct cop_response *response)
{
    return -1000;
}

static int odd_status(struct cop_request *request, struct cop_response *response)
{
    response->status = 7;
    return 0;
}

static int length(struct cop_request *request, struct cop_response *response)
{
    cop_response_text(response, "seven");
    return 7;
}

static int less(struct cop_request *request, struct cop_response *response)
{
    cop_response_begin(response, "text/plain", 100);
    return cop_response_write(response, "less", 4);
}

static const struct cop_route routes[] = {
    COP_GET("/far", far_below), COP_GET("/odd", odd_status), COP_GET("/length", length), COP_GET("/less", less),
    COP_ROUTES_END};

const struct cop_app cop_app = {.abi = COP_ABI, .name = "mistaken", .routes = routes};
"""


@pytest.mark.parametrize("path, why", [
    ("/far", "GET /far: its handler returned neither 0, a status from 400 to 599 nor -errno"),
    ("/length", "GET /length: its handler returned neither 0, a status from 400 to 599 nor -errno"),
    ("/odd", "GET /odd: its handler set a status that is not from 200 to 599"),
])
def test_what_a_handler_may_not_answer_is_500_and_told(serve, tmp_path, path, why):
    server = serve({"web": {"app": str(build(tmp_path, MISTAKEN)), "workers": 1}})
    assert server.get(path).status == 500
    wait_until(lambda: why in server.logged(), "the log tells")


def test_handler_that_writes_less_than_it_announced_is_told(serve, tmp_path):
    server = serve({"web": {"app": str(build(tmp_path, MISTAKEN)), "workers": 1}})
    with server.client() as client:
        client.ask("/less")
        assert client.reader.read().endswith(b"\r\nless")
    why = "GET /less: its handler wrote less than the length that it announced"
    wait_until(lambda: why in server.logged(), "the log tells")


SOON = {"hang_warn": "100ms", "start_timeout": "1h", "drain_timeout": "100ms", "kill_timeout": "100ms"}

STARTS_FOR_EVER = """
#include <coppice.h>

static int start(struct cop_context *context)
{
    volatile bool is_forever = true;

    while (is_forever)
        ;
    return 0;
}

static int hello(struct cop_request *request, struct cop_response *response)
{
    return 0;
}

const struct cop_app cop_app = {.abi = COP_ABI, .name = "eternal", .handler = hello, .start = start};
"""


def test_app_that_never_has_started_is_told_before_start_timeout(start, tmp_path):
    app = str(build(tmp_path, STARTS_FOR_EVER))
    server = start({"web": {"app": app, "workers": 1}}, supervision=SOON)
    said = r"web/0 \(pid \d+\) is not ready after .*: its app is starting"
    wait_until(lambda: re.search(said, server.logged()), "the log tells")
    server.signal(signal.SIGTERM)
    assert server.exit_code() == 0


PEER = """
#include <coppice.h>

static int tell(struct cop_request *request, struct cop_response *response)
{
    const struct cop_peer *peer = cop_request_peer(request);

    return peer ? cop_response_print(response, "%s %u", peer->text, peer->port) : 500;
}

const struct cop_app cop_app = {.abi = COP_ABI, .name = "peer", .handler = tell};
"""


@pytest.mark.parametrize("tasks", [100, 1])
def test_handler_learns_who_asks(serve, tmp_path, tasks):
    server = serve({"web": {"app": str(build(tmp_path, PEER)), "workers": 1, "tasks": tasks}})
    with server.client() as client:
        address, port = client.socket.getsockname()
        assert client.get().body == f"{address} {port}".encode()


GUARDED = """
#include <coppice.h>

static int hello(struct cop_request *request, struct cop_response *response)
{
    cop_response_text(response, "in");
    return 0;
}

static int guard(struct cop_request *request, struct cop_response *response, const struct cop_next *next)
{
    if (cop_slice_equal(cop_request_header(request, "Authorization"), "Bearer key"))
        return cop_next(next, request, response);
    response->status = 401;
    return cop_response_header(response, "WWW-Authenticate", "Bearer");
}

static int gone(struct cop_request *request, struct cop_response *response)
{
    return 410;
}

/* Makes of a 410 what it is in German. */
static int translated(struct cop_request *request, struct cop_response *response, const struct cop_next *next)
{
    int rc = cop_next(next, request, response);

    if (rc != -410)
        return rc;
    response->status = 410;
    cop_response_text(response, "weg");
    return 0;
}

static const struct cop_route routes[] = {COP_GET("/", hello), COP_GET("/gone", gone), COP_ROUTES_END};

static const cop_middleware middleware[] = {guard, translated, NULL};

const struct cop_app cop_app = {
    .abi = COP_ABI, .name = "guarded", .routes = routes, .middleware = middleware};
"""


def test_middleware_refuses_with_a_field_of_its_own(serve, tmp_path):
    server = serve({"web": {"app": str(build(tmp_path, GUARDED)), "workers": 1}})
    with server.client() as client:
        client.ask("/", "GET", "1.1", "Authorization: Bearer key")
        assert client.answer().body == b"in"
        client.ask("/")
        refusal = client.answer()
        assert refusal.status == 401 and refusal.headers["www-authenticate"] == "Bearer"
        client.ask("/gone", "GET", "1.1", "Authorization: Bearer key")
        answer = client.answer()
        assert (answer.status, answer.body) == (410, b"weg")


# Its frame has much room that it does not write to, and in which calls before it have left their addresses.
WAITING = """
#include <coppice.h>

static int wait_long(struct cop_request *request, struct cop_response *response)
{
    volatile char room[1024];
    int rc = cop_sleep(60 * COP_S);

    room[0] = 0;
    return rc + room[0];
}

static const struct cop_route routes[] = {COP_GET("/wait", wait_long), COP_ROUTES_END};

const struct cop_app cop_app = {.abi = COP_ABI, .name = "waiting", .routes = routes};
"""


@pytest.mark.parametrize("folder", [".", None])
def test_stack_has_the_frames_of_a_module_and_no_others_wherever_it_was_loaded_from(run, tmp_path, folder):
    path = build(tmp_path, WAITING)
    server = run(f"./{path.name}" if folder else str(path), "--workers=1", f"--listen=unix:{tmp_path}/s",
                 "--drain-timeout=0")
    server.announced("serves")
    with Client(f"{tmp_path}/s") as client:
        client.ask("/wait")
        stack = wait_until(lambda: stack_of(server, "GET /wait"), "the handler waits")
        assert stack[:4] == ["sched_park", "cop_sleep", "wait_long", "route"]


def stack_of(server, label):
    """Of the task with that label, once it waits."""
    tasks = json.loads(server.ctl("--json", "tasks", "--stack").stdout)["tasks"]
    return next((task["stack"] for task in tasks if task["label"] == label and task["state"] == "parked"), None)
