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


TOUCHES = """
#include <coppice.h>

static char memory[1 << 22];

/* Each page that was not there is a fault, whoever else runs on the machine. */
static int __attribute__((noinline)) touch_pages(void *arg)
{
    for (size_t at = 0; at < sizeof(memory); at += 4096)
        *(volatile char *)&memory[at] = 1;
    return cop_yield();
}

static int work(void *arg)
{
    return touch_pages(arg);
}

COP_MAIN(work)
"""


@needs_perf
def test_perf_samples_a_task_with_its_whole_stack(installed, tmp_path):
    source, data = tmp_path / "touches.c", tmp_path / "perf.data"
    source.write_text(TOUCHES)
    program = installed.link(source, "-O1", "-fno-omit-frame-pointer")
    # There is room for all samples, should perf be late.
    done = run("perf", "record", "-m", "8M", "-o", data, "-e", "page-faults", "-c", "1", "--call-graph", "fp", program)
    if done.returncode:
        pytest.skip(f"perf may not record here: {done.stderr.strip()}")
    script = run("perf", "script", "-i", data, "-F", "ip,sym")
    chains = script.stdout.split("\n\n")
    stacks = [re.findall(r"^\s+[0-9a-f]+ (\w+)", chain, re.M) for chain in chains]
    touching = [stack for stack in stacks if stack[:1] == ["touch_pages"]]
    # The frame that starts a task returns to nowhere: that is the first byte behind context_start.
    wanted = (["touch_pages", "work", "run_main", "enter_task"], ["context_start", "context_end"])
    assert any(stack[:-1] == wanted[0] and stack[-1] in wanted[1] for stack in touching), (touching[:3], done.stderr)
