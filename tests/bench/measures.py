# SPDX-License-Identifier: MIT
"""measures - the loads of the benchmark, and what is measured under them.

A measure is called with the options of a run and returns {row: [figure of each round]}; a row is a subject,
or a subject and a number. Within a round all rows are loaded, in an order that moves on by one each round.
"""

import contextlib
import gc
import os
import re
import socket
import subprocess

import subjects

HERE = os.path.dirname(os.path.abspath(__file__))
IDLE_WARM_UP = 200

# ---- loads: each returns the number of requests that were answered --------------------------------


def fail_if(failed, name, said):
    if failed:
        raise RuntimeError(f"{name} failed: {said.strip()}")


def run_client(argv):
    done = subprocess.run(argv, preexec_fn=subjects.pin(subjects.CLIENT_CPU), capture_output=True, text=True,
                          timeout=120, check=False)
    fail_if(done.returncode, argv[0], done.stderr or done.stdout)
    return done.stdout


def run_wrk(port, connections, options, more=(), path="/"):
    """What wrk printed; an error of any kind spoils the run."""
    out = run_client(["wrk", "-t1", f"-c{connections}", f"-d{options.seconds}s", *more,
                      f"http://127.0.0.1:{port}{path}"])
    for trouble in re.findall(r"^\s*(Socket errors.*|Non-2xx.*)$", out, re.M):
        raise RuntimeError(f"wrk: {trouble}")
    return out


def wrk(script=None, path="/"):
    """A load: wrk with one of the scripts here, or for one path."""
    more = ("-s", os.path.join(HERE, script)) if script else ()
    return lambda port, connections, options: int(
        re.search(r"(\d+) requests in", run_wrk(port, connections, options, more, path))[1])


def ping(what, subject, port, connections, options, busy=None):
    """Play with connections that are there already. Returns CPU microseconds of the server per request."""
    argv = [os.path.join(options.build, "bench", "ping_client"), what, str(port), str(connections),
            str(busy or connections), str(options.seconds)]
    with subprocess.Popen(argv, preexec_fn=subjects.pin(subjects.CLIENT_CPU), text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        fail_if(client.stdout.readline() != "ready\n", argv[0], "" if client.poll() is None else client.stderr.read())
        before = subject.cpu_ns()
        client.stdin.write("go\n")
        client.stdin.flush()
        out = client.stdout.readline()
        spent = subject.cpu_ns() - before
        _, errors = client.communicate(timeout=120)
        fail_if(client.returncode, argv[0], errors)
    return spent / int(out.split()[0]) / 1000


# ---- what they cost -------------------------------------------------------------------------------


def cost_us(subject, load, port, connections, options):
    """CPU microseconds of the server per request, over one load."""
    before = subject.cpu_ns()
    requests = load(port, connections, options)
    fail_if(requests == 0, subject.name, "it answered nothing")
    return (subject.cpu_ns() - before) / requests / 1000


def rounds(options, tries):
    """tries: {row: function that measures it once}."""
    rows = list(tries)
    figures = {row: [] for row in rows}
    for number in range(options.rounds):
        shift = number % len(rows)
        for row in rows[shift:] + rows[:shift]:
            figures[row].append(tries[row]())
    return figures


def cost(load, protocol="http", connections=64):
    def measure(options):
        with subjects.running(options.build, options.subjects, protocol) as started:
            return rounds(options, {subject.name: lambda subject=subject: cost_us(
                subject, load, subject.ports[protocol], connections, options) for subject in started})
    return measure


def played(what, connections):
    def measure(options):
        with subjects.running(options.build, options.subjects, what) as started:
            return rounds(options, {subject.name: lambda subject=subject: ping(
                what, subject, subject.ports[what], connections, options) for subject in started})
    return measure


def json_beside_hello(options):
    """Two pools of one coppice."""
    ours = [name for name in options.subjects if name == "coppice"]
    with subjects.running(options.build, ours, "json") as started:
        return rounds(options, {row: lambda subject=subject, port=port: cost_us(subject, wrk(), subject.ports[port], 64,
                                                                                options)
                                for subject in started for row, port in (("hello", "http"), ("coppice", "json"))})


def by_connections(counts, busy=None):
    """So many connections are open, all of them busy or a few. Raw's rows tell how much of it is the kernel's."""
    def measure(options):
        ours = [name for name in options.subjects if name in subjects.OURS]
        with subjects.running(options.build, ours, "http") as started:
            return rounds(options, {f"{subject.name} {count}": lambda subject=subject, count=count: ping(
                "http", subject, subject.ports["http"], count, options, busy)
                for subject in started for count in counts})
    return measure


def by_workers(counts, connections_each):
    """Pools of so many workers, all on one CPU, with as many connections for each worker."""
    def measure(options):
        ours = [name for name in options.subjects if name == "coppice"]
        with subjects.running(options.build, ours, "workers") as started:
            return rounds(options, {f"coppice {count}": lambda subject=subject, count=count: ping(
                "http", subject, subject.ports[f"workers{count}"], count * connections_each, options)
                for subject in started for count in counts})
    return measure


def p99(connections):
    """Milliseconds within which 99 % were answered."""
    units = {"us": 0.001, "ms": 1, "s": 1000}

    def measure_once(subject, options):
        out = run_wrk(subject.ports["http"], connections, options, ("--latency",))
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(value) * units[unit]

    def measure(options):
        with subjects.running(options.build, options.subjects, "http") as started:
            return rounds(options, {subject.name: lambda subject=subject: measure_once(subject, options)
                                    for subject in started})
    return measure


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


def grown_by_idle(subject, count):
    """Bytes of PSS per idle connection."""
    with contextlib.ExitStack() as stack:
        open_idle(subject.ports["http"], IDLE_WARM_UP, stack)
    with contextlib.ExitStack() as stack:
        before = subject.pss_bytes()
        open_idle(subject.ports["http"], count, stack)
        return (subject.pss_bytes() - before) / count


def idle(count):
    """Memory is steadier than time: three rounds, each with fresh servers."""
    def measure(options):
        figures = {}
        for _ in range(min(options.rounds, 3)):
            with subjects.running(options.build, options.subjects, "http") as started:
                for subject in started:
                    figures.setdefault(subject.name, []).append(grown_by_idle(subject, count))
            gc.collect()
        return figures
    return measure
