# SPDX-License-Identifier: MIT
"""A server that cannot start as it was told says why, exits with 2, and has served nothing."""

import os
import re
import socket
import subprocess

import pytest

from server import COPPICE
from waiting import DEADLINE

REFUSED = 2


def run(path):
    return subprocess.run([COPPICE, "run", str(path)], capture_output=True, text=True, timeout=DEADLINE, check=False)


@pytest.mark.parametrize(
    "text, where, what",
    [
        ("pools: {}\n", r"1:1", "no pools"),
        ("pools: [\n", r"\d+:\d+", "not YAML"),
        ("pools:\n  web: {listen: '%s', app: hello, wrkers: 2}\n", r"2:\d+", 'did you mean "workers"'),
        ("pools:\n  web: {listen: '%s', app: hello, workers: many}\n", r"2:\d+", "expected auto or a whole number"),
        ("pools:\n  web: {listen: '%s', app: hello, backlog: 0}\n", r"2:\d+", "out of range"),
        ("pools:\n  a: {listen: '%s', app: hello}\n  b: {listen: '%s', app: echo}\n", r"3:\d+", "taken"),
        ("pools:\n  web: {listen: '%s', app: hello}\n  web: {listen: '%s', app: hello}\n", r"3:3", "twice"),
    ],
)
def test_bad_configuration_is_refused_with_its_place_before_anything_is_served(tmp_path, text, where, what):
    listen, control = tmp_path / "web.sock", tmp_path / "control.sock"
    path = tmp_path / "coppice.yaml"
    path.write_text(text.replace("%s", f"unix:{listen}") + f"control: {{socket: {control}}}\n", encoding="utf-8")
    done = run(path)
    assert done.returncode == REFUSED
    assert done.stdout == ""
    assert re.fullmatch(rf"{re.escape(str(path))}:{where}: [^\n]*{re.escape(what)}[^\n]*\n", done.stderr), done.stderr
    assert not listen.exists() and not control.exists()


def test_missing_configuration_is_refused(tmp_path):
    done = run(tmp_path / "absent.yaml")
    assert done.returncode == REFUSED
    assert "absent.yaml" in done.stderr and "No such file" in done.stderr


def refused_start(start, pools, **sections):
    """What the server said that did not start."""
    server = start(pools, **sections)
    assert server.exit_code() == REFUSED, server.logged()
    assert server.pids() == []
    assert not os.path.exists(server.socket)
    return server.logged()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_address_in_use_is_named(start, host):
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        text = f"[{host}]:{taken.getsockname()[1]}" if ":" in host else f"{host}:{taken.getsockname()[1]}"
        log = refused_start(start, {"first": {}, "web": {"listen": text}})
    assert f"pool web: {text}: address already in use" in log


def test_unix_address_that_is_served_is_not_taken_over(serve, start, tmp_path):
    listen = f"unix:{tmp_path}/web.sock"
    server = serve({"web": {"listen": listen}})
    assert "address already in use" in refused_start(start, {"web": {"listen": listen}})
    assert server.get().status == 200


def test_control_socket_that_is_served_is_not_taken_over(serve, start):
    server = serve()
    other = start({"web": {}}, control={"socket": server.socket})
    assert other.exit_code() == REFUSED
    assert "control socket" in other.logged() and "address already in use" in other.logged()
    assert server.get().status == 200


def test_file_that_is_no_socket_is_left_alone(start, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data", encoding="utf-8")
    assert "is no socket" in refused_start(start, {"web": {"listen": f"unix:{path}"}})
    assert path.read_text(encoding="utf-8") == "data"


def test_worker_that_cannot_start_ends_the_start_with_its_reason(start):
    log = refused_start(start, {"good": {"workers": 2}, "web": {"app": "no-such-app"}})
    assert 'there is no app "no-such-app", expected one of hello, ' in log
    assert "or the path of a .so" in log
    assert 'did you mean "./my.so"?' in refused_start(start, {"web": {"app": "my.so"}})


def test_log_that_cannot_be_opened_is_named(start, tmp_path):
    assert str(tmp_path) in refused_start(start, {"web": {}}, log={"output": f"{tmp_path}/absent/log"})


def test_terminal_is_told_that_the_reason_is_in_the_log_file(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        log = tmp_path / "a.log"
        said = refused_start(start, {"web": {"listen": listen}}, log={"output": str(log)})
    assert f"cannot start, the log says why: {log}\n" in said
    assert "address already in use" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("words, why", [
    ("run a b", ""),
    ("nonsense", 'unknown command "nonsense"'),
    ("chekc a", 'unknown command "chekc" (did you mean "check"?)'),
    ("help chekc", 'nothing about "chekc" (did you mean "check"?)'),
    ("check", "no file"),
    ("check a b", "another: b\n"),
    ("check --dmp a", "unknown option, or not with others: --dmp\n"),
])
def test_wrong_command_line_is_refused(words, why):
    done = subprocess.run([COPPICE, *words.split()], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == REFUSED
    assert done.stderr != "" and done.stdout == ""
    assert why in done.stderr.splitlines(keepends=True)[0]


@pytest.mark.parametrize("word", ["help", "--help", "version", "--version"])
def test_help_and_version_are_given(word):
    done = subprocess.run([COPPICE, word], capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stdout.startswith("coppice ") and done.stderr == ""


@pytest.mark.parametrize("name", ["run", "check", "load"])
def test_help_of_a_command_is_what_the_command_says(name):
    for words in ([name, "--help"], ["help", name]):
        done = subprocess.run([COPPICE, *words], capture_output=True, text=True, timeout=DEADLINE, check=True)
        assert done.stdout.startswith(f"usage: coppice {name} ") and done.stderr == ""
