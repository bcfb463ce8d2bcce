# SPDX-License-Identifier: MIT
"""Fixtures of the system tests: `serve` starts servers and sees to it that none outlives its test."""

import itertools
import os
import resource
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from installed import Installed  # noqa: E402
from running import Run  # noqa: E402
from server import Server  # noqa: E402 (its folder must be known first)


@pytest.fixture(name="start")
def start_fixture(tmp_path):
    """start({"web": {...}}, supervision={...}, ...) -> a Server that may not be ready yet, or never."""
    servers = []
    numbers = itertools.count()

    def start(pools, **sections):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        servers.append(Server(folder, pools, **sections))
        return servers[-1]

    yield start
    failures = []
    for server in servers:
        try:
            server.clean_up()
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            failures.append(failure)
    assert not failures


@pytest.fixture(name="serve")
def serve_fixture(start):
    """The same, ready to serve. serve() has one pool `web` of the app hello."""
    return lambda pools=None, **sections: start(pools or {"web": {}}, **sections).ready()


@pytest.fixture(name="installed", scope="session")
def installed_fixture(tmp_path_factory):
    """What `make install` installs, for tests that leave it as it is."""
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(name="run")
def run_fixture(tmp_path):
    """run("hello", "--workers", "1") -> a Run in the test's folder."""
    runs = []

    def run(*words):
        runs.append(Run(tmp_path, *words))
        return runs[-1]

    yield run
    for one in runs:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture(scope="session", autouse=True)
def many_files():
    """A thousand clients are a thousand descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
