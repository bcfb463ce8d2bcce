# SPDX-License-Identifier: MIT
"""worker/README.md maps asyncio to our calls: each of them stands in a header that an app sees."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(r'^#include "((?:worker|common)/[^"]+)"', re.M)
NAME = re.compile(r"\b(?:cop|COP)_\w+")


def public_text(path="worker/coppice.h", seen=None):
    """The text of a header and of all that it includes, without comments."""
    seen = set() if seen is None else seen
    if path in seen:
        return ""
    seen.add(path)
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return code + "".join(public_text(other, seen) for other in INCLUDE.findall(text))


def test_readme_of_the_worker_names_only_what_its_headers_have():
    with open(os.path.join(ROOT, "worker/README.md"), encoding="utf-8") as file:
        named = set(NAME.findall(file.read()))
    assert len(named) > 100
    assert named - set(NAME.findall(public_text())) == set()
