# SPDX-License-Identifier: MIT
"""A program of one's own is built outside the tree against what make install installed; its names are its own."""

import re
import shutil
import subprocess

import pytest

from installed import ROOT, SANITIZERS
from waiting import DEADLINE

# A sanitizer's run-time comes with the compiler that built the library.
COMPILERS = ["cc"] if SANITIZERS else [name for name in ("gcc", "clang") if shutil.which(name)]
LINKS = [[], ["-Wl,--gc-sections"]] + ([] if SANITIZERS else [["-static-pie"], ["-fsanitize=address"]])

# What our own files call so, and a program might.
NAMESAKES = """
#include "common/list.h"
#include <coppice.h>
#include <stdio.h>

struct config { int level; };
struct io { int fd; };
struct router;
enum log_level { LOG_LEVEL_INFO };
#define log_info(text) puts(text)

int config_load(struct config *config) { return config->level; }
void log_line(const char *text) { puts(text); }
void check_failed(const char *text) { log_line(text); }
void die(const char *text) { log_line(text); }
int metrics;
int io_init(struct io *io) { return io->fd; }

static int work(void *arg)
{
    struct config config = {0};
    struct io io = {0};

    (void)arg;
    log_info("mine");
    return cop_sleep(COP_MS) + list_remove(3) + config_load(&config) + io_init(&io) + metrics;
}

COP_MAIN(work)
"""

CPP = """
#include <coppice.h>
#include <cstdio>

static int say(void *text)
{
    std::puts(static_cast<char *>(text));
    return cop_sleep(COP_MS);
}

static int work(void *)
{
    static char words[] = "from C++";
    cop_group group;

    cop_group_enter(&group);
    int rc = cop_group_spawn(&group, say, words) ? 0 : -ENOMEM;
    if (rc == 0) {
        cop_task *task = cop_create_task(say, words);
        rc = task ? cop_await(task) : -ENOMEM;
    }
    return cop_group_exit(&group, rc);
}

COP_MAIN(work)
"""


def output(program):
    done = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name, says", [("crawler", "20 pages, 60 links"),
                                        ("producer_consumer", "100 items, sum 5050")])
def test_program_builds_outside_the_tree_and_runs(installed, tmp_path, compiler, name, says):
    source = write(tmp_path, f"{name}.c", (ROOT / f"tests/programs/{name}.c").read_text())
    assert output(installed.link(source, "-Wall", "-Werror", compiler=compiler)) == [says]


def test_readme_program_works_word_for_word(installed, tmp_path):
    section = (installed.folder / "usr/share/doc/coppice/README.md").read_text().split("## Write a program")[1]
    source, command = re.search(r"```c\n(.*?)```\n\n    (cc .*?)\n", section, re.S).groups()
    assert command == "cc hello.c $(pkg-config --cflags --libs libcoppice) -o hello"
    assert output(installed.link(write(tmp_path, "hello.c", source), "-Wall", "-Wextra")) == ["hello, in a second"]


@pytest.mark.parametrize("words", LINKS, ids=" ".join)
def test_program_links_in_other_ways(installed, tmp_path, words):
    source = write(tmp_path, "in_threads.c", (ROOT / "tests/programs/in_threads.c").read_text())
    assert output(installed.link(source, *words)) == ["4203 primes, 4 threads told"]


def test_program_may_have_names_and_files_like_ours(installed, tmp_path):
    write(tmp_path, "common/list.h", "static int list_remove(int n) { return n - 3; }\nstruct list { int n; };\n")
    write(tmp_path, "common/public.h", "#error not for coppice\n")
    source = write(tmp_path, "namesakes.c", NAMESAKES)
    assert output(installed.link(source, "-I.", "-Wall", "-Werror")) == ["mine"]


def test_library_defines_public_names_only(installed):
    listed = subprocess.run(["nm", "-g", "--defined-only", installed.folder / "usr/lib/libcoppice.a"],
                            capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    names = {line.split()[2] for line in listed.splitlines() if len(line.split()) == 3}
    assert {"cop_run", "cop_read", "cop_select"} <= names
    assert [name for name in names if not re.match(r"cop_", name)] == []


def test_library_has_every_public_function_of_the_runtime(installed, tmp_path):
    """Each that the headers of task/, sync/ and stream/ declare, by its address."""
    folder = installed.folder / "usr/include/coppice/coppice/worker"
    text = "".join(path.read_text() for layer in ("task", "sync", "stream") for path in (folder / layer).glob("*.h"))
    names = sorted(set(re.findall(r"^COP_PUBLIC [^;#]*?\b(cop_\w+)\(", text, re.M)))
    assert len(names) > 100
    source = write(tmp_path, "all.c", "#include <coppice.h>\nint main(void)\n{\n    void (*volatile all[])(void) = {\n"
                   + "".join(f"        (void (*)(void))({name}),\n" for name in names)
                   + "    };\n    return all[0] == 0;\n}\n")
    assert output(installed.link(source)) == []


def test_installed_headers_declare_public_names_only(installed):
    """Macros, types and functions begin with cop_ or COP_, but for those of an app's options and pool."""
    words = ["cc", "-E", "-dD", "-x", "c", "-", *installed.pkg_config("--cflags", package="libcoppice")]
    text = subprocess.run(words, input="#include <coppice.h>\n", capture_output=True, text=True, timeout=DEADLINE,
                          check=True).stdout
    strays, is_ours = [], False
    for line in text.splitlines():
        place = re.match(r'# \d+ "(.*?)"', line)
        if place:
            is_ours = "/include/coppice/" in place[1]
        name = re.match(r"#define (\w+)|(?:struct|enum|union) (\w+)(?: \{|;)|[a-z][\w *]*[ *](\w+)\(", line)
        if is_ours and name:
            strays.append(name[1] or name[2] or name[3])
    assert len(strays) > 300
    expected = r"(cop|COP|COPPICE)_|config_(key|option|pool|type)$|CONFIG_|__attribute__"
    assert [name for name in strays if not re.match(expected, name)] == []


@pytest.mark.skipif(not shutil.which("g++"), reason="no g++ here")
def test_program_in_cpp_builds_and_runs(installed, tmp_path):
    source = write(tmp_path, "work.cc", CPP)
    words = ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    assert output(installed.link(source, *words, compiler="g++")) == ["from C++"] * 2
