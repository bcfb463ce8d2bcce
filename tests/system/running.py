# SPDX-License-Identifier: MIT
"""running - one `coppice run` with options, and what a test wants to know of it."""

import os
import re
import signal
import subprocess

from server import COPPICE, COPPICECTL
from waiting import DEADLINE, wait_until


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

    def says(self, text, times=1):
        """Wait until the log has a text so many times."""

        def is_there():
            assert self.process.poll() is None, self.logged()
            return self.logged().count(text) >= times

        wait_until(is_there, f"{text} is logged {times} times")

    def ctl(self, *words):
        return subprocess.run([COPPICECTL, *words], capture_output=True, text=True, timeout=DEADLINE, check=False,
                              env=self.environment)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0, self.logged()
