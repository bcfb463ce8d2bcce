# SPDX-License-Identifier: MIT
"""Regular files below the root are served, whole or as 304, and nothing else is, whatever the name looks like."""

import os
import socket
import subprocess

import pytest

from server import COPPICE, SANITIZED
from waiting import DEADLINE


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"hello\n")
    (root / "a b.txt").write_bytes(b"space\n")
    (root / "big.bin").write_bytes(os.urandom(1 << 20))
    (root / "sub" / "index.html").write_bytes(b"<p>sub")
    (root / ".hidden").write_bytes(b"hidden")
    os.mkfifo(root / "fifo")
    (tmp_path / "secret.txt").write_bytes(b"SECRET")
    (root / "out").symlink_to("../secret.txt")
    (root / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(root / "socket"))
    return root


# Little, and enough; a sanitizer's frames are larger.
STACK_SIZE = "64KiB" if SANITIZED else "32KiB"


@pytest.fixture(name="server", params=["hybrid", "threads"])
def server_fixture(request, serve, root):
    pool = {"app": "files", "model": request.param, "workers": 1, "stack_size": STACK_SIZE}
    return serve({"web": {**pool, "options": {"root": str(root), "cache_valid": 0}}})


def test_file_comes_whole_with_its_type_and_version(server, root):
    answer = server.get("/hello.txt")
    assert (answer.status, answer.body) == (200, b"hello\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["etag"] and answer.headers["last-modified"]
    assert server.get("/big.bin").body == (root / "big.bin").read_bytes()
    assert server.get("/a%20b.txt").body == b"space\n"


def test_head_has_the_length_and_no_body(server):
    with server.client() as client:
        client.ask("/hello.txt", "HEAD")
        answer = client.answer(has_body=False)
        assert (answer.status, answer.headers["content-length"]) == (200, "6")
        assert client.get("/hello.txt").body == b"hello\n"


def test_client_that_has_this_version_is_told_so(server):
    first = server.get("/hello.txt")
    conditions = [f"If-None-Match: {first.headers['etag']}", f"If-Modified-Since: {first.headers['last-modified']}"]
    for condition in conditions:
        with server.client() as client:
            client.ask("/hello.txt", "GET", "1.1", condition)
            answer = client.answer(has_body=False)
            assert (answer.status, answer.headers["etag"]) == (304, first.headers["etag"])


def test_changed_file_is_sent_anew(server, root):
    known = server.get("/hello.txt").headers["etag"]
    (root / "hello.txt").write_bytes(b"changed\n")
    with server.client() as client:
        client.ask("/hello.txt", "GET", "1.1", f"If-None-Match: {known}")
        assert client.answer().body == b"changed\n"


@pytest.mark.parametrize("slashes", ["/sub", "//sub", "/./sub"])
def test_folder_is_at_its_slash_and_a_redirect_stays_on_this_host(server, slashes):
    answer = server.get(slashes)
    assert (answer.status, answer.headers["location"]) == (301, "/sub/")
    assert server.get("/sub/").body == b"<p>sub"


@pytest.mark.parametrize("path", ["/none", "/.hidden", "/fifo", "/socket", "/loop", "/out", "/hello.txt/",
                                  "/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt",
                                  "/..%2fsecret.txt", "/" + "x" * 4000])
def test_nothing_else_is_found(server, path):
    answer = server.get(path)
    assert answer.status in (400, 404)
    assert b"SECRET" not in answer.body


def test_redirect_keeps_the_query(server):
    assert server.get("/sub?a=1&b=%2f").headers["location"] == "/sub/?a=1&b=%2f"


def test_name_with_a_nul_is_refused(server):
    assert server.get("/hello.txt%00.html").status == 400


def test_other_methods_are_told_what_is_allowed(server):
    with server.client() as client:
        client.ask("/hello.txt", "DELETE")
        answer = client.answer()
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("error, why", [("ENOSYS", "Function not implemented"), ("EPERM", "Operation not permitted")])
def test_kernel_or_container_without_openat2_is_refused_at_the_start(tmp_path, error, why):
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", f"inject=openat2:error={error}", COPPICE, "run", "files",
         "--option", f"root={tmp_path}", "--listen", "127.0.0.1:0", "--workers", "1"],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path), "ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert done.returncode == 2, done.stderr
    assert f'root "{tmp_path}": openat2(2) fails: {why}, expected Linux 5.6 or later, and its leave' in done.stderr


def test_root_that_is_no_folder_is_refused_at_the_start(start, tmp_path):
    server = start({"web": {"app": "files", "options": {"root": str(tmp_path / "nowhere")}}})
    assert server.exit_code() == 2
    assert 'nowhere": No such file or directory' in server.logged()


def test_curl_gets_the_same_bytes(server, root, tmp_path):
    host, port = server.address()
    url = f"http://{host}:{port}/big.bin"
    subprocess.run(["curl", "-sS", "-o", tmp_path / "copy", url], timeout=60, check=True)
    assert (tmp_path / "copy").read_bytes() == (root / "big.bin").read_bytes()
