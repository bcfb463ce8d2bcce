# SPDX-License-Identifier: MIT
"""Apps that a test builds against the headers of the tree."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build(folder, source, name="app.so", *flags):
    """Put the module of this source in place of folder/name at once, as installers do; its path."""
    code, path = folder / f"{name}.c", folder / name
    code.write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-I", ROOT, "-I", ROOT / "worker", *flags,
                    "-o", f"{path}.new", code], check=True)
    os.replace(f"{path}.new", path)
    return path
