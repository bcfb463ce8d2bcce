# SPDX-License-Identifier: MIT
"""server - one `coppice run` in a folder of its own, and what a test wants to know of it.

Ports are the kernel's choice: a pool listens on port 0, and the control socket tells where that is. Its processes
are found by their command line, which names the folder, so those whose master died are found, too.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

from clients import Client, Control
from waiting import DEADLINE, wait_until

COPPICE = os.path.abspath(os.environ.get("COPPICE", "build/coppice"))
SANITIZED = "/san-" in COPPICE  # see the flavours of the Makefile
COPPICECTL = os.path.abspath(os.environ.get("COPPICECTL", "build/coppicectl"))

# What a process says that ran into a bug of its own.
BUG = re.compile(
    r"AddressSanitizer|LeakSanitizer|runtime error:|SIGABRT(?! \(asked)|SIGSEGV|SIGBUS|SIGILL|is no report"
)

POOL = {"listen": "127.0.0.1:0", "app": "hello", "workers": 1}
SUPERVISION = {"report_interval": "20ms", "beat_interval": "20ms", "drain_spread": 0}


def freeze(pid):
    """Stop a process, and wait until each of its threads stands still."""
    os.kill(pid, signal.SIGSTOP)
    threads = os.listdir(f"/proc/{pid}/task")
    wait_until(lambda: all(thread_state(pid, thread) == "T" for thread in threads), f"{pid} stands still")


def thread_state(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


class Server:
    def __init__(self, folder, pools, supervision=None, environ=None, **sections):
        """Start it; ready() waits until it serves. A pool is what differs from POOL."""
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "control.sock")
        self.config = str(self.folder / "coppice.yaml")
        self.log = self.folder / "stderr"
        self.configure(pools, supervision, **sections)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [COPPICE, "run", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **(environ or {})},
            )

    # ---- its configuration

    def configure(self, pools, supervision=None, **sections):
        """Write the file, of which a running server knows nothing yet."""
        config = {
            "control": {"socket": self.socket},
            "supervision": {**SUPERVISION, **(supervision or {})},
            "pools": {name: {**POOL, **pool} for name, pool in pools.items()},
            **sections,
        }
        # JSON is YAML.
        self.write(json.dumps(config))

    def write(self, text):
        """The file as it is to be, whole at any time."""
        path = pathlib.Path(self.config)
        path.with_suffix(".new").write_text(text, encoding="utf-8")
        path.with_suffix(".new").replace(path)

    def reload(self, pools=None, supervision=None, **sections):
        """Reload it, with another configuration where there is one; the answer's data."""
        if pools is not None:
            self.configure(pools, supervision, **sections)
        return self.data("reload")

    def generations(self):
        """Of its living workers, and their number."""
        rows = [row["generation"] for row in self.data("workers")["workers"] if row["pid"]]
        return {generation: rows.count(generation) for generation in set(rows)}

    # ---- its life

    def ready(self):
        wait_until(self.is_ready, "the server is ready")
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.logged()}"
        try:
            return self.status()["state"] == "ok"
        except OSError:
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def exit_code(self):
        """Wait for its end."""
        return self.process.wait(DEADLINE)

    def stop(self):
        """As an operator does; everything must be gone then."""
        self.signal(signal.SIGTERM)
        assert self.exit_code() == 0
        assert self.pids() == []

    def clean_up(self):
        """Whatever the test left behind: it must still be able to end at once, without a word of a bug of its own."""
        is_left = self.process.poll() is None
        self.signal_all(signal.SIGCONT)
        if is_left:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGINT)
        try:
            code = self.exit_code()
            wait_until(lambda: not self.pids(), "every process of the server is gone")
        finally:
            self.signal_all(signal.SIGKILL)
            self.process.wait(DEADLINE)
            print(f"---- {self.log}\n{self.logged()}")
        assert code == 0 or not is_left, f"it ended with {code}"
        assert not BUG.search(self.logged())

    def signal_all(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):  # it may end meanwhile
                os.kill(pid, number)

    def logged(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def pids(self):
        """Of all its processes, master and workers, dead parents or not."""
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and self.is_ours(entry)]

    def is_ours(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().split(b"\0")[:3] == [COPPICE.encode(), b"run", self.config.encode()]
        except OSError:
            return False

    # ---- what it tells

    def control(self):
        return Control(self.socket)

    def data(self, command, **arguments):
        with self.control() as control:
            return control.data(command, **arguments)

    def status(self, pool=None):
        data = self.data("status")
        return data if pool is None else next(row for row in data["pools"] if row["pool"] == pool)

    def workers(self, pool="web"):
        return self.data("workers", pool=pool)["workers"]

    def worker_pids(self, pool="web"):
        return [row["pid"] for row in self.workers(pool) if row["state"] == "ready"]

    def metrics(self, pool="web"):
        return self.data("stats", pool=pool)["pools"][0]["metrics"]

    def metric(self, name, pool="web"):
        return self.metrics(pool)[name]

    def reaches(self, value, metric, pool="web"):
        """Wait until a metric is at least value."""
        wait_until(lambda: self.metric(metric, pool) >= value, f"{metric} of {pool} is {value} or more")

    def counts(self, value, metric, pool="web"):
        """The same, and it is no more than that."""
        self.reaches(value, metric, pool)
        assert self.metric(metric, pool) == value

    def replaces(self, pid, pool="web"):
        """Wait until another worker has taken its place."""

        def is_replaced():
            pids = self.worker_pids(pool)
            return pid not in pids and len(pids) == self.status(pool)["workers_wanted"]

        wait_until(is_replaced, f"worker {pid} is replaced")

    def ctl(self, *words):
        """coppicectl as a user runs it; the completed process."""
        return subprocess.run(
            [COPPICECTL, "--socket", self.socket, *words], capture_output=True, text=True, timeout=DEADLINE, check=False
        )

    # ---- where it serves

    def address(self, pool="web", which=0):
        """(host, port), or a path."""
        text = self.status(pool)["listen"][which]
        if text.startswith("unix:"):
            return text[len("unix:") :]
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    def client(self, pool="web", which=0):
        return Client(self.address(pool, which))

    def get(self, path="/", pool="web"):
        with self.client(pool) as client:
            return client.get(path)
