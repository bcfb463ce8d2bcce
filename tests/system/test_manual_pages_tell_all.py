# SPDX-License-Identifier: MIT
"""The manual pages are in order for man, and have every key, option, command and function."""

import os
import re
import shutil
import subprocess

import pytest

from server import COPPICE, COPPICECTL
from waiting import DEADLINE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = ["coppice.1", "coppicectl.1", "coppice.yaml.5", "coppice-app.3"]


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout


@pytest.fixture(name="page", scope="module")
def page_fixture():
    """page(name) -> the source of a page."""
    made = {}

    def page(name):
        if name not in made:
            made[name] = output(f"{ROOT}/scripts/make-man", os.path.dirname(COPPICE), f"{ROOT}/etc/man/{name}.in")
        return made[name]

    return page


def rendered(source):
    """As a terminal has it, each line as long as it likes; what groff complains about fails."""
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=500n"], input=source, capture_output=True,
                          text=True, timeout=DEADLINE, check=True)
    assert done.stderr == ""
    return done.stdout.replace("\u2010", "-").replace("\u2212", "-").replace("\u2019", "'")


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
@pytest.mark.parametrize("name", PAGES)
def test_page_is_in_order_and_nothing_is_left_of_its_template(page, name):
    text = rendered(page(name))
    assert re.search(r"^NAME\n +" + re.escape(name[:-2]) + " - ", text, re.M)
    assert "SEE ALSO" in text
    assert not re.search(r"@[A-Z]+", page(name))


def test_configuration_page_has_every_key_with_its_default(page):
    rows = re.findall(r"^(\w+)\.(\w+)\n.*\n    default:  (.*)$", output(COPPICE, "check", "--keys"), re.M)
    assert len(rows) > 30
    text = page("coppice.yaml.5").replace("\\-", "-")
    for _, name, default in rows:
        shown = default if default == "(required)" else f"({default})"
        assert f"\\fB{name}\\fR {shown}\n" in text


@pytest.mark.parametrize("name, words", [
    ("coppice.1", (COPPICE, "run", "--help")),
    ("coppice.1", (COPPICE, "load", "--help")),
    ("coppicectl.1", (COPPICECTL, "--help")),
])
def test_page_has_every_option_of_the_help(page, name, words):
    options = re.findall(r"^  (--[a-z-]+)", output(*words), re.M)
    assert options
    text = page(name).replace("\\-", "-")
    assert [option for option in options if f"\\fB{option}" not in text] == []


def test_control_page_has_every_command_that_a_server_has(page, serve):
    usages = [row["usage"] for row in serve().data("help")["commands"]]
    text = page("coppicectl.1").replace("\\-", "-")
    assert [usage for usage in usages if f".SS {usage}\n" not in text] == []


def test_app_page_has_every_public_function_with_its_contract(page):
    headers = re.findall(r'#include "(.*)"', open(f"{ROOT}/worker/coppice.h", encoding="utf-8").read())
    text = page("coppice-app.3")
    names = set()
    for header in headers:
        with open(f"{ROOT}/{header}", encoding="utf-8") as file:
            names |= set(re.findall(r"^COP_PUBLIC [^;(]*?(\w+)\(", file.read(), re.M))
    assert len(names) > 150
    assert [name for name in names if not re.search(rf"\\fB.*\b{name}\(", text)] == []
    assert "Let every other ready task run once." in text


def test_app_page_has_the_types_and_constants_that_an_app_needs(page):
    text = page("coppice-app.3").replace("\\-", "-")
    needed = ["struct cop_cookie {", "http_only;", "struct cop_slice {", "size_t len;", "COP_METHOD_GET",
              "COP_ROUTES_END", "int status; ", "struct cop_content {", "COP_NEVER", "COP_MS", "COP_FIRST_COMPLETED",
              "COP_PIPE_OUT", "Some octets that lie elsewhere"]
    assert [word for word in needed if word not in text] == []
    assert "clang-format" not in text and "HTTP_FROM" not in text
