# SPDX-License-Identifier: MIT
"""What `make install` puts into a folder, for tests that build against it.

Nothing of ours is built here: the programs and the library are those that the other tests run.
"""

import os
import pathlib
import re
import signal
import subprocess

from clients import Client
from server import COPPICE
from waiting import DEADLINE, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.path.relpath(os.path.dirname(COPPICE), ROOT)
SANITIZERS = re.search(r"san-(.*)$", BUILD)
REFUSED = 2


def make(target, destination):
    """Of this flavour, with the programs and pages as they are."""
    built = [f"{BUILD}/coppice", f"{BUILD}/coppicectl", f"{BUILD}/libcoppice.a"]
    built += [str(page.relative_to(ROOT)) for page in (ROOT / BUILD / "man").glob("*")]
    words = ["make", "-s", *(word for path in built for word in ("-o", path)), target, f"DESTDIR={destination}",
             "PREFIX=/usr", *([f"SAN={SANITIZERS[1].replace('-', ',')}"] if SANITIZERS else [])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(words, cwd=ROOT, env=environment, timeout=DEADLINE, check=True)


class Installed:
    def __init__(self, folder):
        self.folder = folder
        self.coppice = folder / "usr/bin/coppice"
        make("install", folder)

    def pkg_config(self, *words, package="coppice"):
        environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(self.folder),
                       "PKG_CONFIG_PATH": str(self.folder / "usr/lib/pkgconfig")}
        return subprocess.run(["pkg-config", *words, package], capture_output=True, text=True, env=environment,
                              timeout=DEADLINE, check=True).stdout.split()

    def build(self, source, name, *words, compiler="cc"):
        """A module as the README says, from outside the tree."""
        path = source.parent / name
        subprocess.run([compiler, "-shared", "-fPIC", "-o", path, source, *self.pkg_config("--cflags", "--libs"),
                        *words], cwd=source.parent, timeout=DEADLINE, check=True)
        return path

    def link(self, source, *words, compiler="cc"):
        """A program as worker/README.md says, from outside the tree."""
        path = source.with_suffix("")
        subprocess.run([compiler, source, *words, *self.pkg_config("--cflags", "--libs", package="libcoppice"), "-o",
                        path], cwd=source.parent, timeout=DEADLINE, check=True)
        return path

    def serves(self, module, path):
        """What a server of the module answers, which the installed program runs beside it."""
        log = module.parent / "log"
        with open(log, "wb") as stream:
            process = subprocess.Popen([self.coppice, "run", f"./{module.name}", "--workers=1",
                                        f"--listen=unix:{module.parent}/s", "--control-socket=none"],
                                       cwd=module.parent, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        try:
            wait_until(lambda: "try: curl" in log.read_text() or process.poll() is not None, "it serves")
            assert process.poll() is None, log.read_text()
            with Client(f"{module.parent}/s") as client:
                answer = client.get(path)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
        assert answer.status == 200
        return answer.body

    def refuses(self, folder, app):
        done = subprocess.run([self.coppice, "run", app, "--workers=1", "--listen=127.0.0.1:0",
                               "--control-socket=none"], cwd=folder, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode == REFUSED, done
        return done.stderr

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir())
