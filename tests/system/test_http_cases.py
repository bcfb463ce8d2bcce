# SPDX-License-Identifier: MIT
"""The cases of tests/cases, each with its section of RFC 9110 or 9112, against the example that is made for them."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest
from server import BUG, COPPICE
from waiting import DEADLINE, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
EXAMPLE = ROOT / "etc" / "examples" / "http-cases.yaml"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(process, port):
    assert process.poll() is None, "the server has ended"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(name="cases_port", params=["tasks", "threads"])
def cases_port_fixture(request, tmp_path):
    """The example, serving a root full of traps: by tasks as it stands, and with a thread for each connection."""
    port, root = free_port(), tmp_path / "root"
    subprocess.run([CASES / "make_root.sh", root], check=True)
    env = {**os.environ, "CASES_ROOT": str(root), "CASES_PORT": str(port)}
    example = tmp_path / "cases.yaml"
    model = "" if request.param == "tasks" else "    workers: 1\n    threads: 16\n    tasks: 1\n"
    example.write_text(EXAMPLE.read_text().replace("    app: files\n", "    app: files\n" + model))
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([COPPICE, "run", example], env=env, stdout=log, stderr=log)
    try:
        wait_until(lambda: accepts(process, port), "the example is served")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    assert not BUG.search((tmp_path / "log").read_text())


def judge(program, port, folder, *words):
    """Run the cases; what came of them, by id."""
    verdicts = folder / "verdicts.json"
    command = [sys.executable, CASES / program, "127.0.0.1", str(port), "--json", verdicts, *words]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert verdicts.exists(), run.stdout + run.stderr
    result = json.loads(verdicts.read_text())
    failed = [case for case in result["cases"] if case["verdict"] == "FAIL"]
    assert failed == [], run.stdout
    assert result["summary"]["alive_at_end"] and result["summary"]["skipped"] == 0
    assert result["summary"]["echo"] and result["summary"]["docroot"]
    return result["summary"]["passed"]


def test_every_case_has_an_outcome_that_is_accepted(request, cases_port, tmp_path):
    # 200 idle connections are more than there are threads.
    is_blocking = request.node.callspec.params["cases_port"] == "threads"
    words = ["--skip", "CN-24"] if is_blocking else []
    assert judge("http_cases.py", cases_port, tmp_path, *words) >= 263 - is_blocking


def test_every_case_beside_them_has_too(cases_port, tmp_path):
    assert judge("http_more_cases.py", cases_port, tmp_path) >= 969
