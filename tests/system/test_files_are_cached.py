# SPDX-License-Identifier: MIT
"""Files that are asked for again come from the cache of a loop, within its bounds; changes are seen, whatever is in
use stays whole, and what has run out or is slow costs one answer and no loop."""

import ctypes
import mmap
import os
import resource
import subprocess

import pytest
from waiting import wait_until

LONG = "1h"


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_bytes(b"one")
    return root


@pytest.fixture(name="files")
def files_fixture(serve, root):
    """files(cache_valid=..., ...) -> a server of the root with these options."""

    def files(model="hybrid", limits=None, **options):
        pool = {"app": "files", "model": model, "workers": 1, "options": {"root": str(root), **options}}
        return serve({"web": pool}, **({"limits": limits} if limits else {}))

    return files


def open_below(pid, root):
    """The files below the root that a process has open."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if fd.isdigit()]
    return [link for link in links if link.startswith(f"{root}/")]


@pytest.mark.parametrize("model", ["hybrid", "threads"])
def test_second_request_is_a_hit_and_the_file_is_not_opened(files, root, model):
    server = files(model, cache_valid=LONG)
    with server.client() as client:
        for _ in range(5):
            assert client.get("/a.txt").body == b"one"
    server.counts(1, "file_cache_misses")
    server.reaches(4, "file_cache_hits")
    assert open_below(server.worker_pids()[0], root) == []


def test_hit_only_receives_and_sends(files, tmp_path):
    server = files(cache_valid=LONG)
    with server.client() as client:
        assert client.get("/a.txt").status == 200
        out = tmp_path / "strace"
        argv = ["strace", "-o", str(out), "-p", str(server.worker_pids()[0])]
        with subprocess.Popen(argv, stderr=subprocess.PIPE) as strace:
            assert b"attached" in strace.stderr.readline()
            for _ in range(20):
                assert client.get("/a.txt").body == b"one"
            strace.terminate()
    calls = [line.partition("(")[0] for line in out.read_text().splitlines() if "(" in line]
    assert calls.count("recvfrom") >= 20 and calls.count("sendto") >= 20
    assert not {"openat2", "preadv2", "sendfile"} & set(calls)


@pytest.mark.parametrize("valid", [0, "20ms"])
def test_changed_replaced_and_removed_files_are_seen(files, root, valid):
    server = files(cache_valid=valid)
    assert server.get("/a.txt").body == b"one"
    (root / "a.txt").write_bytes(b"three")
    wait_until(lambda: server.get("/a.txt").body == b"three", "the change is seen")
    (root / "new").write_bytes(b"seven")
    os.replace(root / "new", root / "a.txt")
    wait_until(lambda: server.get("/a.txt").body == b"seven", "the new file is seen")
    (root / "a.txt").unlink()
    wait_until(lambda: server.get("/a.txt").status == 404, "it is gone")


def test_file_that_is_being_sent_is_whole_though_removed_and_evicted(files, root):
    content = os.urandom(20 << 20)
    (root / "big.bin").write_bytes(content)
    (root / "b.txt").write_bytes(b"b")
    server = files(cache_entries=1, cache_valid=0)
    with server.client() as client:
        client.ask("/big.bin")
        assert client.reader.readline() == b"HTTP/1.1 200 OK\r\n"
        (root / "big.bin").unlink()
        assert server.get("/a.txt").body == b"one"
        assert server.get("/b.txt").body == b"b"
        assert server.get("/big.bin").status == 404
        for _ in iter(client.reader.readline, b"\r\n"):
            pass
        assert client.reader.read(len(content)) == content
    pid = server.worker_pids()[0]
    wait_until(lambda: not open_below(pid, root), "the file is closed")


def test_cache_takes_a_sixteenth_of_the_descriptors_at_most(files, root):
    for i in range(60):
        (root / f"{i}.bin").write_bytes(b"x" * 100)
    server = files(limits={"open_files": 256}, cache_file_max=0, cache_valid=LONG)
    with server.client() as client:
        for i in range(60):
            assert client.get(f"/{i}.bin").status == 200
    assert 8 < len(open_below(server.worker_pids()[0], root)) <= 16


def test_cache_gives_its_descriptors_when_they_run_out_and_then_the_answer_is_503(files, root):
    for i in range(8):
        (root / f"{i}.bin").write_bytes(b"x" * 100)
    server = files(cache_file_max=10, cache_valid=LONG)
    pid = server.worker_pids()[0]
    with server.client() as client:
        for i in range(4):
            assert client.get(f"/{i}.bin").status == 200
        assert len(open_below(pid, root)) == 4
        # Every number below the limit is taken, some of them by the cache.
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        taken = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
        limit = min(set(range(len(taken) + 1)) - taken)
        assert any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(f"{root}/") for fd in range(limit))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
        assert client.get("/4.bin").status == 200
        assert len(open_below(pid, root)) == 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, before[1]))
        answer = client.get("/5.bin")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert client.get("/5.bin").status == 200


def pages_in_memory(file):
    """How many pages of the file the kernel has in memory: mincore(2) asks without reading any, as RWF_NOWAIT
    would, which starts a read ahead."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapping:
        start = ctypes.c_char.from_buffer(mapping)
        pages = (ctypes.c_ubyte * -(-len(mapping) // mmap.PAGESIZE))()
        result = ctypes.CDLL(None, use_errno=True).mincore(ctypes.byref(start), ctypes.c_size_t(len(mapping)), pages)
        del start
        assert result == 0, os.strerror(ctypes.get_errno())
    return sum(page & 1 for page in pages)


def cold_file(path, content):
    """Write the file so that the disk alone has it; skip the test where that cannot be."""
    path.write_bytes(content)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if pages_in_memory(file) > 0:
            pytest.skip("this file system keeps its files in memory")


@pytest.mark.parametrize("size", [30000, 3 << 20], ids=["in memory", "open"])
def test_file_that_is_on_the_disk_alone_is_read_by_a_thread(files, root, size):
    content = os.urandom(size)
    server = files()
    (root / "warm.bin").write_bytes(content)
    assert server.get("/warm.bin").body == content
    server.reaches(1, "requests")
    assert server.metric("disk_reads") == 0
    # The worker's own look may start a read ahead that a fast disk ends at once: one file of some is enough.
    for i in range(20):
        cold_file(root / f"{i}.bin", content)
        assert server.get(f"/{i}.bin").body == content
        server.reaches(i + 2, "requests")
        if server.metric("disk_reads") > 0:
            return
    pytest.fail("20 files that were on the disk alone were all read by the loop itself")


@pytest.mark.parametrize("option, value, expected", [
    ("mime_types", "/nowhere/types", "No such file or directory"),
    ("types", "html", 'expected "type/subtype ending ...'),
    ("precompressed", "br,lz4", "expected true, false, or some of br, zst and gz"),
])
def test_wrong_option_is_refused_at_the_start(start, root, option, value, expected):
    server = start({"web": {"app": "files", "options": {"root": str(root), option: value}}})
    assert server.exit_code() == 2
    assert expected in server.logged() and value in server.logged()
