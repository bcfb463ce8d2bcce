# SPDX-License-Identifier: MIT
"""Whatever is given as a configuration, `coppice check` answers: ok, or one line that says what is wrong and where."""

import os
import re
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

COPPICE = os.environ.get("COPPICE", "build/coppice")
EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "etc", "coppice.yaml")
REFUSAL = re.compile(r"[^:\n]+:\d+:\d+: [^\n]+\n")

many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def check(path, *options, **more):
    return subprocess.run(
        [COPPICE, "check", str(path), *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, **more
    )


def refusal(path, **more):
    """The one line of a refusal, after it was seen to be one."""
    done = check(path, **more)
    text = done.stderr.decode()
    assert done.returncode == 2, done
    assert done.stdout == b""
    assert REFUSAL.fullmatch(text), text
    return text


def answer(path):
    """Either verdict is fine; what is no verdict fails. What loads is dumped to a file that loads to the same."""
    done = check(path, "--dump")
    assert done.returncode in (0, 2), done
    if done.returncode == 2:
        assert REFUSAL.fullmatch(done.stderr.decode()), done.stderr
        return False
    assert done.stderr == b""
    again = path.with_suffix(".again")
    again.write_bytes(done.stdout)
    assert check(again, "--dump").stdout == done.stdout
    return True


POOL = "pools: {w: {app: hello, listen: '127.0.0.1:0'%s}}\n"


@pytest.mark.parametrize(
    "text, place, what",
    [
        ("", "1:1", "no pools"),
        ("pools:\n", "1:1", "no pools"),
        ("pools:\n  w:\n    app: hello\n", "2:3", 'no "listen"'),
        ("pools:\n  w:\n    listen: '*:0'\n", "2:3", 'no "app"'),
        ("log:\n  levl: info\n", "2:3", 'did you mean "level"?'),
        ("log:\n  level: inof\n", "2:10", 'did you mean "info"?'),
        ("log:\n  level: [info]\n", "2:10", "expected debug, info, warn or error"),
        ("log:\n  level: info\n  level: warn\n", "3:3", "twice"),
        (POOL % ", backlog: 65536", "1:57", "out of range, expected a whole number from 1 to 65535"),
        (POOL % ", workers: -1", "1:57", "expected auto or a whole number from 1 to 1024"),
        (POOL % ", header_timeout: 30", "1:64", "expected a duration"),
        (POOL % ", header_max: 1 MiB", "1:60", "expected a size"),
        ("control: {mode: '0999'}\n", "1:17", "expected an octal mode"),
        ("pools: {a: {app: x, listen: ['*:80', '127.0.0.1:80']}}\n", "1:38", "is taken by"),
        ("include: absent.yaml\n", "1:10", "No such file"),
        ("log: {output: '${SURELY_NOT_SET_ANYWHERE}'}\n", "1:15", "is not set"),
        ("this is no configuration\n", "1:1", "the file is a value"),
        ("a: [b\n", "2:1", "not YAML"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document"),
        ("pools: {w: {app: helo, listen: '*:0'}}\n", "1:9", 'did you mean "hello"?'),
        ("pools: {w: {app: ./none.so, listen: '*:0'}}\n", "1:9", "No such file"),
        ("pools: {w: {app: files, listen: '*:0'}}\n", "1:9", 'needs the option "root"'),
        ("pools: {w: {app: files, options: {rot: /}, listen: '*:0'}}\n", "1:40", 'did you mean "root"?'),
        (POOL % ", options: {greeting: hi}", "1:68", "expected no option at all"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, place, what):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    line = refusal(path)
    assert line.startswith(f"{path}:{place}: "), line
    assert what in line


def test_each_pool_whose_app_is_wrong_has_its_line(tmp_path):
    path = tmp_path / "c.yaml"
    apps = {"a": "no", "b": "hello", "c": "nay"}
    path.write_text("pools:\n" + "".join(f"  {name}: {{app: {app}, listen: '*:0'}}\n" for name, app in apps.items()))
    done = check(path)
    assert done.returncode == 2 and done.stdout == b""
    assert [line.split(b":")[1] for line in done.stderr.splitlines()] == [b"2", b"4"]


def test_alias_bomb_is_refused_at_the_first_alias(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    path = tmp_path / "c.yaml"
    path.write_text("\n".join(lines))
    assert ":2:10: an alias" in refusal(path)


PIECES = ["[", "{", "- ", "? ", "[{a: ", "a: &x ", "'", '"\\u', "# x\n", "- 1\n", "a:\n ", "|", "!"]


@pytest.mark.parametrize("piece", PIECES)
def test_repetition_is_refused_however_long(tmp_path, piece):
    path = tmp_path / "c.yaml"
    path.write_text(piece * (900_000 // len(piece)))
    refusal(path)


def test_a_file_of_100_mb_is_refused_unread(tmp_path):
    path = tmp_path / "c.yaml"
    with open(path, "wb") as file:
        file.write(b"pools:\n")
        file.truncate(100_000_000)
    assert "too large" in refusal(path)


def test_an_endless_or_silent_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", "/dev/zero", "/dev/stdin", tmp_path):
        refusal(path)


def test_binary_rubbish_is_refused():
    assert "not UTF-8 text" in refusal("/bin/true")


def test_an_unreadable_file_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(POOL % "")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    assert "Permission denied" in refusal(path)


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "absent")


def test_a_circle_of_includes_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("include: a.yaml\n")
    assert "includes itself" in refusal(tmp_path / "a.yaml")


def test_a_wrong_command_line_gets_the_usage():
    for line in (["check"], ["check", "a", "b"], ["check", "--nonsense"]):
        done = subprocess.run([COPPICE, *line], capture_output=True, timeout=60)
        assert done.returncode == 2
        assert b"usage: coppice check" in done.stderr


@many
@given(data=st.binary(max_size=400))
def test_any_bytes_get_an_answer(tmp_path, data):
    path = tmp_path / "c.yaml"
    path.write_bytes(data)
    answer(path)


with open(EXAMPLE, "rb") as example:
    EXAMPLE_BYTES = example.read()

edits = st.lists(
    st.tuples(st.integers(0, len(EXAMPLE_BYTES)), st.integers(0, 20), st.binary(max_size=6)), min_size=1, max_size=5
)


@many
@given(edits=edits)
def test_a_damaged_example_gets_an_answer(tmp_path, edits):
    data = EXAMPLE_BYTES
    for start, dropped, added in edits:
        data = data[:start] + added + data[start + dropped :]
    path = tmp_path / "c.yaml"
    path.write_bytes(data)
    answer(path)


def quoted(text):
    """Any text as a YAML scalar."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


NAMES = re.findall(rb"^ *#? ?([a-z_]+):", EXAMPLE_BYTES, re.MULTILINE)
names = st.one_of(st.sampled_from([name.decode() for name in NAMES]), st.text(max_size=8))
scalars = st.one_of(
    names,
    st.integers().map(str),
    st.sampled_from(["auto", "true", "0", "1", "10", "30s", "64KiB", "async", "threads", "*:80", "unix:/x", "~"]),
    st.text(max_size=12),
).map(quoted)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(names.map(quoted), inner), max_size=5, unique_by=lambda item: item[0]).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"
        ),
    ),
    max_leaves=20,
)


@many
@given(tree=trees)
def test_any_tree_of_keys_and_values_gets_an_answer(tmp_path, tree):
    path = tmp_path / "c.yaml"
    path.write_text(tree)
    answer(path)


LETTERS = "ab:#\"'\\ \n\t\u2028é"
texts = st.one_of(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=40),
    st.text("$${}" + LETTERS, min_size=1, max_size=20),
)


@many
@given(app=texts, options=st.dictionaries(st.text("${}" + LETTERS, min_size=1, max_size=8), texts, max_size=5))
def test_any_text_survives_the_dump(tmp_path, app, options):
    def value(text):
        return quoted(text.replace("${", "$${"))

    entries = ", ".join(f"{quoted(name)}: {value(text)}" for name, text in options.items())
    path = tmp_path / "c.yaml"
    path.write_text(f"pools: {{w: {{listen: '*:0', app: {value(app)}, options: {{{entries}}}}}}}")
    assert answer(path)
