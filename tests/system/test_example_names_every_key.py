# SPDX-License-Identifier: MIT
"""etc/coppice.yaml has every key of the table once, with its default and a comment, on one line."""

import os
import re
import subprocess

COPPICE = os.environ.get("COPPICE", "build/coppice")
EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "etc", "coppice.yaml")
DOCUMENTED_POOL = "web"


def table():
    """section.name -> default, as `coppice check --keys` tells it."""
    done = subprocess.run([COPPICE, "check", "--keys"], capture_output=True, text=True, timeout=60, check=True)
    row = r"^(\w+)\.(\w+)\n    type: +\w+\n    default: +(.*)\n    expected: .+\n    .+$"
    rows = re.findall(row, done.stdout, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\w", done.stdout, re.MULTILINE))
    return {(section, name): default for section, name, default in rows}


def lines():
    """(section, name) and the value of each line that sets a key, comment required."""
    section = pool = None
    with open(EXAMPLE, encoding="utf-8") as file:
        for line in file:
            top = re.fullmatch(r"(\w+):\n", line)
            if top:
                section, pool = top[1], None
            if section == "pools" and re.fullmatch(r"  (\w+):\n", line):
                pool = line.strip(" :\n")
            key = re.fullmatch(r" +(\w+): (\S+) +# \S.*\n", line)
            if key and section != "pools":
                yield (section, key[1]), key[2].strip('"')
            elif key and pool == DOCUMENTED_POOL:
                yield ("pool", key[1]), key[2].strip('"')


def test_example_has_every_key_once():
    assert sorted(key for key, _ in lines()) == sorted(table())


def test_example_has_every_default():
    keys = table()
    for key, value in lines():
        assert keys[key] in (value, "(required)"), key


def test_example_loads_and_sets_nothing_but_defaults(tmp_path):
    bare = tmp_path / "bare.yaml"
    bare.write_text(
        "pools:\n  web: {app: hello, listen: '127.0.0.1:8080'}\n  echo: {app: echo, listen: '127.0.0.1:7000'}\n"
    )
    dumps = [
        subprocess.run([COPPICE, "check", path, "--dump"], capture_output=True, timeout=60, check=True).stdout
        for path in (EXAMPLE, bare)
    ]
    assert dumps[0] == dumps[1]
