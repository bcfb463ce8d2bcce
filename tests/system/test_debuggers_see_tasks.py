# SPDX-License-Identifier: MIT
"""gdb and perf unwind the stack of a task to its first frame, on either side of a switch, and stop there."""

import os
import re
import shutil
import subprocess

import pytest

from server import COPPICE
from waiting import DEADLINE

PROGRAM = os.path.join(os.path.dirname(COPPICE), "programs", "first_come")

needs_gdb = pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is not installed")
needs_perf = pytest.mark.skipif(not shutil.which("perf"), reason="perf is not installed")


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE,
                          check=False, env={**os.environ, "DEBUGINFOD_URLS": ""})


def frames_in_gdb(*commands):
    """The functions on the stack after these commands, the innermost first."""
    done = run("gdb", "-nx", "-batch", *(f"-ex={command}" for command in (*commands, "echo bt\\n", "bt")), PROGRAM)
    if "ptrace: Operation not permitted" in done.stderr:
        pytest.skip("gdb may not trace here")
    assert "Backtrace stopped" not in done.stdout
    return re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\w+)", done.stdout.rpartition("\nbt\n")[2], re.M)


@needs_gdb
def test_gdb_unwinds_a_running_task():
    frames = frames_in_gdb("break cop_as_completed_next", "run")
    assert frames == ["cop_as_completed_next", "race", "run_main", "enter_task", "context_start"]


@needs_gdb
def test_gdb_follows_a_task_across_a_switch():
    frames = frames_in_gdb("tbreak cop_yield", "run", "finish")
    assert frames == ["run_laps", "enter_task", "context_start"]


@needs_perf
def test_perf_samples_a_task_with_its_whole_stack(tmp_path):
    data = tmp_path / "perf.data"
    # Every page fault is a sample: tasks meet some, however short they run. There is room for all, should perf be late.
    done = run("perf", "record", "-m", "8M", "-o", data, "-e", "page-faults", "-c", "1", "--call-graph", "fp", PROGRAM)
    if done.returncode:
        pytest.skip(f"perf may not record here: {done.stderr.strip()}")
    script = run("perf", "script", "-i", data, "-F", "ip,sym")
    chains = script.stdout.split("\n\n")
    stacks = [re.findall(r"^\s+[0-9a-f]+ (\w+)", chain, re.M) for chain in chains]
    ends = [stack[-4:-1] for stack in stacks if "context_end" in stack[-1:]]
    assert ["race", "run_main", "enter_task"] in ends, (len(chains), done.stderr, script.returncode, script.stderr)
