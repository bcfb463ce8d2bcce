# SPDX-License-Identifier: MIT
"""make install is all that an app needs which is built outside the tree; make uninstall leaves nothing of it.

Nothing is built here: the programs are those that the other tests run.
"""

import re
import shutil
import subprocess

import pytest

from installed import Installed, make
from waiting import DEADLINE

HYGIENE = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wstrict-prototypes", "-Werror"]

HELLO = """
#include <coppice.h>
static int hello(struct cop_request *request, struct cop_response *response)
{
    (void)request;
    cop_response_text(response, "hello");
    return 0;
}
const struct cop_app cop_app = {.abi = COP_ABI, .name = "hello", .handler = hello};
"""


@pytest.fixture(name="hello")
def hello_fixture(tmp_path):
    path = tmp_path / "hello.c"
    path.write_text(HELLO)
    return path


def test_everything_is_there(installed):
    files = installed.files()
    for path in ("bin/coppice", "bin/coppicectl", "include/coppice/coppice.h", "lib/pkgconfig/coppice.pc",
                 "lib/libcoppice.a", "lib/pkgconfig/libcoppice.pc",
                 "share/man/man1/coppice.1", "share/man/man1/coppicectl.1", "share/man/man3/coppice-app.3",
                 "share/man/man5/coppice.yaml.5", "share/doc/coppice/README.md",
                 "share/doc/coppice/examples/myapp.c", "share/doc/coppice/examples/files.yaml",
                 "share/bash-completion/completions/coppice"):
        assert f"usr/{path}" in files
    assert "etc/coppice/coppice.yaml" in files
    version = subprocess.run([installed.coppice, "version"], capture_output=True, text=True, timeout=DEADLINE,
                             check=True).stdout
    assert version == f"coppice {installed.pkg_config('--modversion')[0]}\n"


def test_example_builds_outside_the_tree_and_serves(installed, tmp_path):
    source = tmp_path / "myapp.c"
    shutil.copy(installed.folder / "usr/share/doc/coppice/examples/myapp.c", source)
    module = installed.build(source, "myapp.so", "-Wall", "-Werror")
    assert installed.serves(module, "/hello/you") == b"Hello, you!\n"


def test_headers_are_clean_in_strict_c11(installed, hello):
    module = installed.build(hello, "hello.so", "-std=c11", "-fvisibility=hidden", *HYGIENE)
    assert installed.serves(module, "/") == b"hello"


@pytest.mark.skipif(not shutil.which("g++"), reason="no g++ here")
def test_headers_are_clean_in_cpp(installed, hello):
    source = hello.with_suffix(".cc")
    hello.rename(source)
    module = installed.build(source, "hello.so", "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                             "-Wno-missing-field-initializers", compiler="g++")
    assert installed.serves(module, "/") == b"hello"


def test_each_installed_header_can_stand_alone(installed):
    folder = installed.folder / "usr/include/coppice"
    headers = "".join(f'#include "{path.relative_to(folder)}"\n' for path in sorted(folder.rglob("*.h"), reverse=True))
    for text in (headers, '#include "coppice/worker/http/json.h"\n', '#include "coppice/worker/sync/select.h"\n'):
        subprocess.run(["cc", "-fsyntax-only", "-x", "c", "-", *installed.pkg_config("--cflags"), "-Werror"],
                       input=text, text=True, timeout=DEADLINE, check=True)


@pytest.mark.parametrize("source, why", [
    (HELLO.replace("COP_ABI", "COP_ABI + 1"), r"\./hello\.so: built for ABI \d+, this is \d+: build it again"),
    (HELLO.replace("cop_app cop_app", "cop_app other"), r"\./hello\.so: has no symbol cop_app, expected the app's"),
    (HELLO.replace(".handler", ".help = 0, .handler").replace("hello};", "0};"),
     r"\./hello\.so: cop_app needs a name, and routes, a handler, serve or run"),
    (HELLO.replace("return 0", "extern int missing(void); return missing()"),
     r"app cannot be loaded: \./hello\.so: undefined symbol: missing"),
])
def test_module_that_does_not_fit_is_refused_with_the_reason(installed, hello, source, why):
    hello.write_text(source)
    installed.build(hello, "hello.so")
    assert re.search(why, installed.refuses(hello.parent, "./hello.so"))


def test_module_without_its_library_is_refused_with_the_librarys_name(installed, hello):
    library = hello.parent / "libmine.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input="int mine;", text=True,
                   timeout=DEADLINE, check=True)
    installed.build(hello, "hello.so", "-Wl,--no-as-needed", f"-L{hello.parent}", "-lmine")
    library.unlink()
    assert "app cannot be loaded: libmine.so: cannot open" in installed.refuses(hello.parent, "./hello.so")


def test_what_is_no_module_is_refused_with_the_reason(installed, tmp_path):
    (tmp_path / "text.so").write_text("text, and long enough that nobody takes it for a file header\n" * 4)
    (tmp_path / "short.so").write_text("")
    (tmp_path / "folder.so").mkdir()
    assert "./text.so: invalid ELF header" in installed.refuses(tmp_path, "./text.so")
    assert "./short.so: file too short" in installed.refuses(tmp_path, "./short.so")
    assert "./folder.so: " in installed.refuses(tmp_path, "./folder.so")
    assert 'coppice run: "./none.so": No such file' in installed.refuses(tmp_path, "./none.so")


def test_readme_app_works_word_for_word(installed, tmp_path):
    section = (installed.folder / "usr/share/doc/coppice/README.md").read_text().split("## Write an app")[1]
    source = re.search(r"```c\n(.*?)```", section, re.S)[1]
    build, run = re.search(r"^    (cc .*)\n    (coppice run .*)$", section, re.M).groups()
    assert source.count("\n") <= 12
    name = re.search(r"\S+\.c\b", build)[0]
    (tmp_path / name).write_text(source)
    asks = "$(pkg-config --cflags --libs coppice)"
    assert asks in build
    command = build.replace(asks, " ".join(installed.pkg_config("--cflags", "--libs")))
    subprocess.run(command, shell=True, cwd=tmp_path, timeout=DEADLINE, check=True)
    module = tmp_path / run.split()[2]
    assert installed.serves(module, "/") == b"Hello, World!\n"


def test_bash_completes_commands_options_and_apps(installed):
    script = """
        PATH=$1/usr/bin:$PATH
        . $1/usr/share/bash-completion/completions/$2
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        _$2
        printf '%s\\n' "${COMPREPLY[@]}" """

    def complete(*words):
        return subprocess.run(["bash", "-c", script, "bash", installed.folder, *words], capture_output=True, text=True,
                              timeout=DEADLINE, check=True, cwd="/").stdout.split()

    assert complete("coppice", "ru") == ["run"]
    assert "hello" in complete("coppice", "run", "he")
    assert complete("coppice", "run", "hello", "--work") == ["--workers"]
    assert complete("coppice", "load", "--dur") == ["--duration"]
    assert complete("coppicectl", "scal") == ["scale"]
    assert complete("coppicectl", "--js") == ["--json"]
    assert complete("coppicectl", "scale", "web", "--") == ["--wait"]
    assert complete("coppicectl", "--json", "loglevel", "") == ["debug", "info", "warn", "error", "--for"]
    assert complete("coppicectl", "reload", "") == []


def test_uninstall_leaves_nothing_but_a_configuration_that_was_changed(tmp_path):
    installed = Installed(tmp_path)
    config = tmp_path / "etc/coppice/coppice.yaml"
    config.write_text("changed: by hand\n")
    make("install", tmp_path)
    assert config.read_text() == "changed: by hand\n"
    make("uninstall", tmp_path)
    assert installed.files() == ["etc/coppice/coppice.yaml"]
    config.unlink()
    make("install", tmp_path)
    make("uninstall", tmp_path)
    assert installed.files() == []
    assert not config.parent.exists()
