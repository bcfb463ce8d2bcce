# SPDX-License-Identifier: MIT
"""A worker that dies and dies again is restarted ever more slowly, and the others serve on."""

import os
import re
import signal
from datetime import datetime

from waiting import wait_until

GIVES_UP = 70
CRASHES_TO_GIVE_UP = 10


def is_back(server, slot, restarts):
    """The pid of the slot's worker, if it is ready after so many restarts."""
    row = server.workers()[slot]
    return row["pid"] if row["state"] == "ready" and row["restarts"] == restarts else None


def kill_slot(server, slot, times):
    """Kill whoever is in the slot, as soon as it is there."""
    for restarts in range(times):
        pid = wait_until(lambda n=restarts: is_back(server, slot, n), f"slot {slot} is back, restart {restarts}")
        os.kill(pid, signal.SIGKILL)


def spacings(log, worker):
    """Of each death: the seconds announced to the next try, and those that passed until the successor was ready."""
    line = re.compile(rf"^(\S+Z) .* {worker} \(pid \d+\) (?:died of .*next try in ([0-9.]+) s|is ready)")
    events = [match.groups() for match in map(line.match, log.splitlines()) if match]
    times = [datetime.fromisoformat(when[:-1]) for when, _ in events]
    return [
        (float(announced), (times[i + 1] - times[i]).total_seconds())
        for i, (_, announced) in enumerate(events[:-1])
        if announced is not None
    ]


def test_restarts_are_spaced_wider_and_wider(serve):
    server = serve({"web": {"workers": 2}, "other": {}})
    kill_slot(server, 0, 5)
    wait_until(lambda: is_back(server, 0, restarts=5), "the slot is back")
    found = spacings(server.logged(), "web/0")
    assert len(found) == 5
    # 0, .1, .2, .4, .8 s, each +-20 %
    for nominal, (announced, passed) in zip([0, 0.1, 0.2, 0.4, 0.8], found):
        assert abs(announced - nominal) <= nominal * 0.2 + 0.051
        assert passed >= nominal * 0.8 - 0.01
    assert server.status()["pools"][0]["crashes"] == 5


def test_others_serve_on_meanwhile(serve):
    server = serve({"web": {"workers": 2}, "other": {}})
    survivor = server.workers()[1]["pid"]
    kill_slot(server, 0, 4)
    wait_until(lambda: server.workers()[0]["state"] == "empty", "the slot waits for its next try")
    row = server.workers()[0]
    assert row["pid"] is None and row["retry_in_ns"] > 0
    assert "SIGKILL" in row["last"]
    assert server.status()["state"] == "degraded"
    assert "web/0" in server.status()["last_failure"]
    assert server.get().status == server.get(pool="other").status == 200
    assert server.workers()[1]["pid"] == survivor


def test_all_crashing_at_once_again_and_again_is_given_up(serve):
    """So that the service manager decides."""
    nworkers = CRASHES_TO_GIVE_UP // 2
    server = serve({"web": {"workers": nworkers}})
    for restarts in range(2):
        pids = [
            wait_until(lambda i=i, n=restarts: is_back(server, i, n), f"slot {i} is ready, restart {restarts}")
            for i in range(nworkers)
        ]
        # The master learns of all at once.
        server.signal(signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        server.signal(signal.SIGCONT)
    assert server.exit_code() == GIVES_UP
    assert "giving up" in server.logged()
