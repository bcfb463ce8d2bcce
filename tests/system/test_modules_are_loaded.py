# SPDX-License-Identifier: MIT
"""An app from outside is built, loaded and served; what is none is refused with the reason."""

import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPPICE = os.path.abspath(os.environ.get("COPPICE", "build/coppice"))


def build(folder, source, name="app.so"):
    path = folder / name
    (folder / "app.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-I", ROOT, "-I", f"{ROOT}/worker", "-o", path,
                    folder / "app.c"], check=True)
    return path


def refused(folder, app):
    config = folder / "refused.yaml"
    pool = f'{{listen: "127.0.0.1:0", app: "{app}", workers: 1}}'
    config.write_text(f"control: {{socket: none}}\npools: {{web: {pool}}}\n")
    done = subprocess.run([COPPICE, "run", config], text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode not in (0, 1), done
    return done.stderr + done.stdout


def test_example_module_is_loaded_and_serves(serve, tmp_path):
    with open(f"{ROOT}/etc/examples/myapp.c", encoding="utf-8") as file:
        path = build(tmp_path, file.read(), "myapp.so")
    server = serve({"web": {"app": str(path), "workers": 1}})
    answer = server.get("/hello/you")
    assert answer.status == 200 and answer.body == b"Hello, you!\n"


@pytest.mark.parametrize("source, why", [
    ("int other;", "no symbol cop_app"),
    ("unsigned cop_app[32] = {3};", "built for ABI 3, this is 2"),
    ("int missing(void); int cop_app(void) { return missing(); }", "undefined symbol: missing"),
])
def test_module_that_does_not_fit_is_refused_with_the_reason(tmp_path, source, why):
    build(tmp_path, source)
    assert why in refused(tmp_path, "./app.so")


def test_what_is_no_module_is_refused_with_the_reason(tmp_path):
    (tmp_path / "text.so").write_text("text, and long enough that nobody takes it for a file header\n" * 4)
    assert "No such file" in refused(tmp_path, "./none.so")
    assert "invalid ELF header" in refused(tmp_path, "./text.so")
