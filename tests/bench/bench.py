#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench - what a request costs the server, side by side with a raw epoll loop and with other servers.

The server runs on one CPU, the client on another. Each round loads every subject in turn, in an order that
moves on by one each round, so that a noisy minute falls on all alike. A figure is the server's CPU time
around the load divided by the requests that the client counted, and the median over the rounds; the ratio
to raw is taken within each round before its median is. Exit code: 0, or 1 when coppice missed a target.
"""

import argparse
import contextlib
import gc
import os
import re
import socket
import statistics
import subprocess
import sys

import subjects

HERE = os.path.dirname(os.path.abspath(__file__))
IDLE_WARM_UP = 200

# Workload: title, protocol, connections, and the most that coppice may cost (x raw; KB a connection for idle).
WORKLOADS = {
    "http": [("HTTP keep-alive", "http", 64, 1.10)],
    "pipelined": [("HTTP pipelined by 16", "http", 64, 2.50)],
    "echo": [("TCP echo, 64 bytes", "echo", 64, 1.08), ("TCP echo, 64 bytes", "echo", 1000, 1.08)],
    "idle": [("idle keep-alive connection", "http", 5000, 1.00)],
}


def run_client(argv):
    done = subprocess.run(argv, preexec_fn=subjects.pin(subjects.CLIENT_CPU), capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def load_http(port, connections, options, script=()):
    """Returns the number of requests that were answered; an error of any kind spoils the run."""
    out = run_client(["wrk", "-t1", f"-c{connections}", f"-d{options.seconds}s", *script,
                      f"http://127.0.0.1:{port}/"])
    for trouble in re.findall(r"^\s*(Socket errors.*|Non-2xx.*)$", out, re.M):
        raise RuntimeError(f"wrk: {trouble}")
    return int(re.search(r"(\d+) requests in", out)[1])


def load_pipelined(port, connections, options):
    return load_http(port, connections, options, ("-s", os.path.join(HERE, "pipeline.lua")))


def load_echo(port, connections, options):
    client = os.path.join(options.build, "bench", "echo_client")
    return int(run_client([client, str(port), str(connections), str(options.seconds)]).split()[0])


LOADS = {"http": load_http, "pipelined": load_pipelined, "echo": load_echo}


def cost_us(subject, kind, protocol, connections, options):
    """CPU microseconds of the server per request, over one load."""
    before = subject.cpu_ns()
    requests = LOADS[kind](subject.ports[protocol], connections, options)
    if requests == 0:
        raise RuntimeError(f"{subject.name} answered nothing")
    return (subject.cpu_ns() - before) / requests / 1000


def measure_cost(kind, protocol, connections, options):
    """Returns {subject: [cost in each round]}."""
    with subjects.running(options.build, options.subjects, protocol) as started:
        costs = {subject.name: [] for subject in started}
        for number in range(options.rounds):
            shift = number % len(started)
            for subject in started[shift:] + started[:shift]:
                costs[subject.name].append(cost_us(subject, kind, protocol, connections, options))
    return costs


# ---- memory ---------------------------------------------------------------------------------------


def ask(sock):
    """One keep-alive request; returns when its answer is whole."""
    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(subjects.BODY.encode()):
        part = sock.recv(4096)
        if not part:
            raise RuntimeError("the server closed a keep-alive connection")
        answer += part


def open_idle(port, count, stack):
    for _ in range(count):
        sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        ask(sock)


def measure_idle(connections, options):
    """Returns {subject: [KB of PSS per idle connection in each round]}; each round has fresh servers."""
    sizes = {}
    for _ in range(options.rounds):
        with subjects.running(options.build, options.subjects, "http") as started:
            for subject in started:
                with contextlib.ExitStack() as stack:
                    open_idle(subject.ports["http"], IDLE_WARM_UP, stack)
                with contextlib.ExitStack() as stack:
                    before = subject.pss_bytes()
                    open_idle(subject.ports["http"], connections, stack)
                    grown = subject.pss_bytes() - before
                sizes.setdefault(subject.name, []).append(grown / connections / 1024)
        gc.collect()
    return sizes


# ---- the table ------------------------------------------------------------------------------------


def ratio_to_raw(figures, name):
    return statistics.median(own / raw for own, raw in zip(figures[name], figures["raw"]))


def spread(values):
    return f"{min(values):.2f} - {max(values):.2f}"


def print_workload(title, unit, figures, target, value_of):
    """One row for each subject. Returns whether coppice kept the target, or None when it was not there."""
    print(f"\n{title}")
    print(f"  {'subject':<10}{unit:>16}{'rounds from - to':>22}{'x raw':>8}   target")
    verdict = None
    for name, values in figures.items():
        ratio = ratio_to_raw(figures, name) if "raw" in figures and min(figures["raw"]) > 0.1 else None
        row = f"  {name:<10}{statistics.median(values):>16.3f}{spread(values):>22}"
        row += f"{ratio:>8.2f}" if ratio is not None else f"{'-':>8}"
        if name == "coppice":
            verdict = value_of(figures) <= target
            row += f"   <= {target:.2f} {'ok' if verdict else 'MISSED'}"
        print(row, flush=True)
    return verdict


def run_workload(kind, options):
    verdicts = []
    for title, protocol, connections, target in WORKLOADS[kind]:
        if kind == "idle":
            figures = measure_idle(connections, options)
            verdicts.append(print_workload(f"{title}, {connections} of them", "KB PSS", figures, target,
                                           lambda found: statistics.median(found["coppice"])))
        else:
            figures = measure_cost(kind, protocol, connections, options)
            verdicts.append(print_workload(f"{title}, {connections} connections", "CPU us/request", figures,
                                           target, lambda found: ratio_to_raw(found, "coppice")))
    return verdicts


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder of the programs (build)")
    parser.add_argument("--only", default=",".join(WORKLOADS), help="workloads, with commas between")
    parser.add_argument("--subjects", default=",".join(subjects.SUBJECTS), help="servers, with commas between")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of one load (2)")
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
    verdicts = []
    try:
        for kind in options.only:
            verdicts += run_workload(kind, options)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    missed = verdicts.count(False)
    kept = verdicts.count(True)
    print(f"\ntargets: {kept} kept, {missed} missed" + (", coppice was not there" if None in verdicts else ""))
    return 1 if missed or None in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
