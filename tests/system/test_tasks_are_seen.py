# SPDX-License-Identifier: MIT
"""What every task does can be asked in every mix of workers, threads and tasks, also of a worker that hangs."""

import re

import pytest

from schema import mismatches
from waiting import wait_until

MIXES = {"hybrid": {"workers": 2}, "threads": {"workers": 1, "threads": 3}, "both": {"workers": 2, "threads": 2}}
BLOCKING = {"process": {"workers": 2, "tasks": 1}, "thread": {"workers": 1, "threads": 2, "tasks": 1}}


@pytest.fixture(name="asking")
def asking_fixture():
    """asking(server, path) -> a client that waits for its answer until the test ends."""
    clients = []

    def ask(server, path, pool="web"):
        clients.append(server.client(pool))
        clients[-1].ask(path)

    yield ask
    for client in clients:
        client.close()


def tasks_of(server, **arguments):
    return server.data("tasks", **arguments)["tasks"]


def rows_labelled(server, label, **arguments):
    return [row for row in tasks_of(server, **arguments) if row["label"] == label]


@pytest.mark.parametrize("mix", MIXES)
def test_waiting_requests_show_with_label_and_stack(serve, asking, mix):
    server = serve({"web": {"app": "wait", **MIXES[mix]}})
    for _ in range(6):
        asking(server, "/20000")
    wait_until(lambda: len(rows_labelled(server, "GET /20000")) == 6, "six requests wait")
    rows = rows_labelled(server, "GET /20000", stack=True)
    for row in rows:
        assert (row["state"], row["waits_for"], row["mark"]) == ("parked", "sleep", "")
        assert "wait_and_answer" in row["stack"] and "cop_sleep" in row["stack"]
        assert row["age_ns"] > 0 and row["stack_bytes"] > 0
    text = server.ctl("tasks", "--stack").stdout
    assert text.count("wait_and_answer\n") == 1, "equal stacks are printed once"
    assert text.count("GET /20000") == 6


@pytest.mark.parametrize("mix", BLOCKING)
def test_blocking_workers_show_what_they_serve(serve, asking, mix):
    server = serve({"web": {"app": "wait", **BLOCKING[mix]}})
    assert tasks_of(server) == []
    asking(server, "/20000")
    rows = wait_until(lambda: rows_labelled(server, "GET /20000"), "the request shows")
    assert len(rows) == 1 and rows[0]["state"] == "running" and rows[0]["mark"] == ""
    assert tasks_of(server, older="1h") == []


def test_worker_and_age_choose(serve, asking):
    server = serve({"web": {"app": "wait"}, "other": {"app": "wait"}})
    asking(server, "/20000")
    asking(server, "/20000", "other")
    wait_until(lambda: len(rows_labelled(server, "GET /20000")) == 2, "both wait")
    assert [row["pool"] for row in tasks_of(server, worker="other/0")] == ["other"]
    pid = server.worker_pids()[0]
    assert [row["pid"] for row in tasks_of(server, worker=str(pid))] == [pid]
    assert tasks_of(server, older="1h") == []
    for words in (["--worker", "web/9"], ["--older", "long"]):
        assert server.ctl("tasks", *words).returncode == 1


def test_hung_worker_is_a_marked_row_and_holds_nobody_up(serve, asking):
    times = {"hang_timeout": 0, "kill_timeout": "100ms"}
    server = serve({"web": {"app": "burn"}, "other": {"app": "wait"}}, supervision=times)
    asking(server, "/20000", "other")
    asking(server, "/20000")
    wait_until(lambda: "holds its loop" in server.logged(), "the watchdog has seen it")
    rows = {row["pool"]: row for row in wait_until(lambda: rows_labelled(server, "GET /20000"), "an answer")}
    assert rows["web"]["mark"] == "!" and rows["web"]["state"] == "running"
    assert rows["other"]["mark"] == "" and rows["other"]["state"] == "parked"
    row = server.workers()[0]
    assert row["doing"] == "GET /20000" and row["doing_ns"] > 50_000_000
    assert server.ctl("dump", "web/0").returncode == 1
    assert server.worker_pids(), "and it lives on"


def test_task_that_holds_its_loop_is_logged_with_its_stack_and_counted(serve):
    server = serve({"web": {"app": "burn", "slow_task": "50ms"}, "off": {"app": "burn", "slow_task": 0}})
    assert server.get("/10").status == 200
    assert server.get("/300").status == 200
    assert server.get("/300", "off").status == 200
    wait_until(lambda: "holds its loop" in server.logged(), "it is logged")
    lines = [line for line in server.logged().splitlines() if "holds its loop" in line]
    assert len(lines) == 1 and "app burn: task" in lines[0] and '"GET /300" holds its loop' in lines[0]
    assert "burn_cpu < burn_and_answer" in lines[0]
    server.reaches(1, "slow_tasks")
    assert server.metric("slow_tasks", "off") == 0


def test_abort_of_a_hung_worker_leaves_every_stack_in_the_log(serve, asking):
    server = serve({"web": {"app": "burn"}}, supervision={"hang_warn": "100ms", "hang_timeout": "1s"})
    pid = server.worker_pids()[0]
    asking(server, "/20000")
    server.replaces(pid)
    log = server.logged()
    assert "is aborted from outside" in log
    assert re.search(r'task \d+ "GET /20000" runs\n(    .*\n)*    burn_cpu\n', log)
    assert "it hung" in log


@pytest.mark.parametrize("pool", [{}, {"threads": 2}, {"tasks": 1}])
def test_dump_goes_to_the_log(serve, asking, tmp_path, pool):
    path = tmp_path / "log"
    server = serve({"web": {"app": "wait", **pool}}, log={"output": str(path)})
    asking(server, "/20000")
    wait_until(lambda: rows_labelled(server, "GET /20000"), "the request waits")
    assert server.data("dump", worker="web/0")["log"] == str(path)
    wait_until(lambda: "    wait_and_answer\n" in path.read_text(), "its stack is in the log")


def profile(server, *words):
    done = server.ctl("profile", "web/0", *words)
    assert done.returncode == 0, done.stderr
    stacks = [line.rpartition(" ") for line in done.stdout.splitlines()]
    return {stack: int(count) for stack, _, count in stacks}


def test_profile_names_where_tasks_wait(serve, asking):
    server = serve({"web": {"app": "wait", "threads": 2}})
    asking(server, "/20000")
    wait_until(lambda: rows_labelled(server, "GET /20000"), "the request waits")
    stacks = profile(server, "--for", "500ms", "--wait")
    assert any("wait_and_answer;cop_sleep" in stack and stack.endswith(";[sleep]") for stack in stacks)


@pytest.mark.parametrize("pool, clients, path", [({"threads": 2}, 40, "/25"), ({"tasks": 1}, 1, "/3000")])
def test_profile_names_who_burns(serve, asking, pool, clients, path):
    server = serve({"web": {"app": "burn", **pool}}, supervision={"kill_timeout": "100ms"})
    for _ in range(clients):
        asking(server, path)
    stacks = profile(server, "--for", "1s")
    assert any("burn_and_answer;burn_cpu" in stack for stack in stacks), stacks


def test_profile_is_one_at_a_time_and_refuses_nonsense(serve):
    server = serve()
    for words in (["web/9"], ["web/0", "--for", "1ms"], ["web/0", "--for", "soon"]):
        assert server.ctl("profile", *words).returncode == 1
    with server.control() as one, server.control() as other:
        asked = server.logged().count("profile by")
        one.send(b'{"command":"profile","worker":"web/0","for":"2s"}\n')
        wait_until(lambda: server.logged().count("profile by") > asked, "the first is under way")
        wait_until(lambda: not other.json(command="profile", worker="web/0", **{"for": "10ms"})["ok"], "it is busy")


def test_log_level_changes_for_a_while(serve):
    server = serve()
    assert server.data("loglevel", level="error")["for_ns"] is None
    lines = len(server.logged().splitlines())
    assert server.data("loglevel", level="debug", **{"for": "100ms"}) == {"level": "debug", "for_ns": 100_000_000}
    wait_until(lambda: server.data("reopen")["log"] == "stderr" and "reopened" in server.logged(), "info shows again")
    assert len(server.logged().splitlines()) > lines
    assert server.ctl("loglevel", "loud").returncode == 1


def test_answers_fit_their_schema(serve, asking):
    server = serve({"web": {"app": "wait"}})
    asking(server, "/20000")
    wait_until(lambda: rows_labelled(server, "GET /20000"), "the request waits")
    schemas = server.data("schema")["schemas"]
    calls = {"dump": {"worker": "web/0"}, "profile": {"worker": "web/0", "for": "50ms"}, "reopen": {}}
    calls |= {"tasks": {"stack": True}, "loglevel": {"level": "info", "for": "1s"}}
    for command, arguments in calls.items():
        assert mismatches(server.data(command, **arguments), schemas[command]) == []
