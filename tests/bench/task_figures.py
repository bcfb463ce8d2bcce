#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""task_figures - what tasks cost, side by side with other runtimes where these are installed.

Each round runs every program once for every workload, so that a noisy minute falls on all alike. A figure
is the median over the rounds of what the program printed, as "name value unit". libdill (LIBDILL names its
folder where it is not installed), State Threads, Boost.Context and asyncio are the others. Exit code: 0, or 1
when a target was missed.
"""

import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")

# What a run of bench_tasks prints: title, and the most that it may be.
FIGURES = {
    "switch": ("bare switch, the floor", None),
    "yield": ("yield, 4 tasks", 10),
    "spawn": ("spawn and join", 40),
    "gather": ("gather of 1,000, per task", 60),
    "parked": ("memory of one of 100,000 parked tasks", 4.7),
    "mappings": ("memory mappings that these add", 1000),
    "sleepers": ("CPU of one of 100,000 sleepers", 1),
    "late": ("the latest of them, of its sleep", 5),
}

# The runs of bench_tasks.
WORKLOADS = ["switch", "yield", "spawn", "gather", "parked", "sleepers"]

# Peer: its source here, its libraries, what it can do.
BUILT = {
    "libdill": ("peer_dill.c", ["-ldill"], ["yield", "spawn"]),
    "State Threads": ("peer_st.c", ["-lst"], ["yield", "spawn"]),
    "Boost.Context": ("peer_fcontext.c", ["-lboost_context"], ["switch"]),
}


def build_peers(folder):
    """Returns {peer: (argv, workloads)}; what is not installed does not link, and is left out."""
    peers = {"asyncio": ([sys.executable, os.path.join(PEERS, "peer_asyncio.py")], ["yield", "spawn", "gather"])}
    dill = os.environ.get("LIBDILL")
    where = [f"{flag}{os.path.abspath(dill)}" for flag in ("-I", "-L", "-Wl,-rpath,")] if dill else []
    for name, (source, libraries, workloads) in BUILT.items():
        program = os.path.join(folder, source[:-2])
        done = subprocess.run([os.environ.get("CC", "gcc"), "-O2", *where, "-o", program,
                               os.path.join(PEERS, source), *libraries], capture_output=True, check=False)
        if done.returncode == 0:
            peers[name] = ([program], workloads)
    return peers


def measure(argv, workload, figures, name):
    done = subprocess.run([*argv, workload], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{argv[-1]} {workload} failed: {done.stderr.strip()}")
    for line in done.stdout.splitlines():
        what, value, unit = line.split()
        figures.setdefault((what, name), (unit, []))[1].append(float(value))


def print_row(title, name, unit, values, target):
    row = f"{title:<40}{name:<15}{statistics.median(values):>10.2f} {unit:<9}{min(values):>9.2f} - {max(values):<9.2f}"
    if target is None:
        print(row.rstrip())
        return True
    kept = statistics.median(values) <= target
    print(f"{row} <= {target:g} {'ok' if kept else 'MISSED'}", flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs (build)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    options = parser.parse_args()
    folder = os.path.join(os.path.abspath(options.build), "bench")
    peers = build_peers(folder)
    figures = {}
    try:
        for _ in range(options.rounds):
            for workload in WORKLOADS:
                measure([os.path.join(folder, "bench_tasks")], workload, figures, "coppice")
                for name, (argv, workloads) in peers.items():
                    if workload in workloads:
                        measure(argv, workload, figures, name)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"tasks: medians of {options.rounds} interleaved rounds; load {os.getloadavg()[0]:.1f} on "
          f"{os.cpu_count()} CPUs; missing: {', '.join(BUILT.keys() - peers.keys()) or 'none'}")
    print(f"{'':<40}{'':<15}{'median':>10} {'':<9}{'rounds from - to':>19}   target")
    kept = True
    for what, (title, target) in FIGURES.items():
        for name in ["coppice", *peers]:
            if (what, name) in figures:
                unit, values = figures[what, name]
                kept &= print_row(title, name, unit, values, target if name == "coppice" else None)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
