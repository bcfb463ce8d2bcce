#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench - what a request costs the server, side by side with a raw epoll loop and with other servers.

The server runs on one CPU, the client on another. Each round loads every subject in turn, in an order that
moves on by one each round, so that a noisy minute falls on all alike. A cost is the server's CPU time around
the load divided by the requests that the client counted. A figure is the median over the rounds; ratios are
taken within each round before their median is. Exit code: 0, or 1 when coppice missed a target.
"""

import argparse
import os
import statistics
import subprocess
import sys
from typing import Callable, NamedTuple

import measures
import subjects
from measures import cost, played, wrk


class Workload(NamedTuple):
    title: str
    measure: Callable  # of measures.py
    target: float  # the most that a judged row may be: times its base, or plain where it has none
    base: str = "raw"  # the row that others are divided by; one that ends in a number is each subject's own; "": none
    unit: str = "CPU us/request"
    decimals: int = 3


def by_number(title, measure, first, target, unit="CPU us/request"):
    """What coppice's row with the first number grows to."""
    return Workload(title, measure, target, str(first), unit)


WORKLOADS = {
    "http": [Workload("HTTP keep-alive, 64 connections", cost(wrk()), 1.00)],
    "browser": [Workload("HTTP keep-alive, eight fields of a browser", cost(wrk("browser.lua")), 1.05)],
    "pipelined": [Workload("HTTP pipelined by 16, 64 connections", cost(wrk("pipeline.lua")), 1.70)],
    "json": [Workload("1 KB of JSON, built for each request", measures.json_beside_hello, 1.30, base="hello")],
    "echo": [Workload("TCP echo of 64 bytes, 64 connections", played("echo", 64), 1.08),
             Workload("TCP echo of 64 bytes, 1000 connections", played("echo", 1000), 1.08)],
    "file": [Workload("a 13-byte file", cost(wrk(path="/" + subjects.FILE), "files"), 0.75, base="nginx")],
    "megabyte": [Workload("a 1 MB file", cost(wrk(path="/" + subjects.MEGABYTE), "files"), 1.00, base="nginx")],
    "p99": [Workload("p99 at 64 connections", measures.p99(64), 1.00, base="nginx", unit="ms")],
    "connections": [by_number("by open connections, 10 of them busy", measures.by_connections((10, 10000), 10), 10,
                              1.15),
                    by_number("by busy connections", measures.by_connections((10, 1000, 10000)), 10, 1.15)],
    "workers": [by_number("by workers on one CPU, 64 connections each", measures.by_workers((1, 8), 64), 1, 1.05)],
    "idle": [Workload("9,000 idle keep-alive connections", measures.idle(9000), 400, base="",
                      unit="bytes PSS each", decimals=0)],
}


def base_of(workload, row):
    return f"{row.split()[0]} {workload.base}" if workload.base.isdigit() else workload.base


def ratio(workload, figures, row):
    """The median over the rounds, or None where there is nothing to divide by."""
    base = base_of(workload, row)
    if base not in figures:
        return None
    return statistics.median(own / other for own, other in zip(figures[row], figures[base]))


def print_workload(workload, figures):
    """One line for each row. Returns the verdicts: whether coppice kept the target."""
    verdicts = []
    print(f"\n{workload.title}")
    column = f"x {workload.base}" if workload.base else ""
    print(f"  {'':<14}{workload.unit:>16}{'rounds from - to':>22}{column:>10}   target")
    for row, values in figures.items():
        times = ratio(workload, figures, row)
        low, high = (f"{value:.{workload.decimals}f}" for value in (min(values), max(values)))
        line = f"  {row:<14}{statistics.median(values):>16.{workload.decimals}f}{f'{low} - {high}':>22}"
        line += f"{'':>10}" if times is None else f"{times:>10.3f}"
        value = times if workload.base else statistics.median(values)
        if row.split()[0] == "coppice" and row != base_of(workload, row) and value is not None:
            verdicts.append(value <= workload.target)
            line += f"   <= {workload.target:g} {'ok' if verdicts[-1] else 'MISSED'}"
        print(line, flush=True)
    return verdicts


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs (build)")
    parser.add_argument("--only", default=",".join(WORKLOADS), help="workloads, with commas between")
    parser.add_argument("--subjects", default=",".join(subjects.SUBJECTS), help="servers, with commas between")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--seconds", type=int, default=1, help="length of one load (1)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.only = options.only.split(",")
    wanted = options.subjects.split(",")
    for given, known in ((options.only, WORKLOADS), (wanted, subjects.SUBJECTS)):
        for name in given:
            if name not in known:
                parser.error(f'unknown name "{name}", expected one of: {", ".join(known)}')
    options.subjects = [name for name in wanted if subjects.present(options.build, name)]
    options.missing = [name for name in wanted if name not in options.subjects]
    return options


def main():
    options = parse_arguments()
    placed = f"server on CPU {subjects.SERVER_CPU}, client on CPU {subjects.CLIENT_CPU}"
    if subjects.SERVER_CPU == subjects.CLIENT_CPU:
        placed = "server and client share the only CPU"
    print(f"medians of {options.rounds} interleaved rounds of {options.seconds} s; {placed}")
    print(f"subjects: {', '.join(options.subjects)}; missing: {', '.join(options.missing) or 'none'}")
    verdicts, open_questions = [], []
    try:
        for kind in options.only:
            for workload in WORKLOADS[kind]:
                found = print_workload(workload, workload.measure(options))
                verdicts += found
                open_questions += [] if found else [kind]
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\ntargets: {verdicts.count(True)} kept, {verdicts.count(False)} missed"
          + (f", not judged: {', '.join(open_questions)}" if open_questions else ""))
    return 0 if all(verdicts) and (verdicts or open_questions) and "coppice" in options.subjects else 1


if __name__ == "__main__":
    sys.exit(main())
