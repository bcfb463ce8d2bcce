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


@pytest.fixture(name="cases_port")
def cases_port_fixture(tmp_path):
    """The example, serving a root full of traps."""
    port, root = free_port(), tmp_path / "root"
    subprocess.run([CASES / "make_root.sh", root], check=True)
    env = {**os.environ, "CASES_ROOT": str(root), "CASES_PORT": str(port)}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([COPPICE, "run", EXAMPLE], env=env, stdout=log, stderr=log)
    try:
        wait_until(lambda: accepts(process, port), "the example is served")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    assert not BUG.search((tmp_path / "log").read_text())


def test_every_case_has_an_outcome_that_is_accepted(cases_port, tmp_path):
    verdicts = tmp_path / "verdicts.json"
    command = [sys.executable, CASES / "http_cases.py", "127.0.0.1", str(cases_port), "--json", verdicts]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert verdicts.exists(), run.stdout + run.stderr
    result = json.loads(verdicts.read_text())
    failed = [case for case in result["cases"] if case["verdict"] == "FAIL"]
    assert failed == [], run.stdout
    assert result["summary"]["alive_at_end"] and result["summary"]["skipped"] == 0
    assert result["summary"]["passed"] >= 263
    assert result["summary"]["echo"] and result["summary"]["docroot"]
