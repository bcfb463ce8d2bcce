# SPDX-License-Identifier: MIT
"""Clients that others have written get what they ask for, and the server has counted as many answers as they have."""

import asyncio
import gzip
import http.client
import os
import re
import shutil
import subprocess

import pytest

from waiting import DEADLINE

MODELS = ["hybrid", "processes"]
BIG = bytes(range(256)) * (20 << 12)  # 20 MiB
TEXT = b"text " * 1000


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "text.txt").write_bytes(TEXT)
    (root / "text.txt.gz").write_bytes(gzip.compress(TEXT))
    (root / "big.bin").write_bytes(BIG)
    os.utime(root / "text.txt", (1700000000, 1700000000))
    return root


@pytest.fixture(name="server", params=MODELS)
def server_fixture(request, serve, root):
    """With a thread for each connection there are more than a client here has connections."""
    shape = {"tasks": 1000, "workers": 1} if request.param == "hybrid" else {"tasks": 1, "workers": 1, "threads": 12}
    options = {"root": str(root), "echo": "/echo", "precompressed": True}
    return serve({"web": {"app": "files", "body_max": "32MiB", "options": options, **shape}})


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"there is no {program}")


def url(server, path):
    host, port = server.address()
    return f"http://{host}:{port}{path}"


def curl(server, path, *words, **more):
    command = ["curl", "-sS", "-f", "--max-time", str(DEADLINE), *words, url(server, path)]
    return subprocess.run(command, capture_output=True, timeout=2 * DEADLINE, check=True, **more).stdout


# ---- curl


def test_curl_gets_parts_and_goes_on_where_it_stopped(server, tmp_path):
    assert curl(server, "/big.bin", "-r", "1000-1999") == BIG[1000:2000]
    assert curl(server, "/big.bin", "-r", "-5") == BIG[-5:]
    (tmp_path / "part").write_bytes(BIG[:12345678])
    curl(server, "/big.bin", "-C", "-", "-o", str(tmp_path / "part"))
    assert (tmp_path / "part").read_bytes() == BIG


def test_curl_gets_a_file_only_when_it_is_newer(server, root, tmp_path):
    assert curl(server, "/text.txt", "-z", "Fri, 01 Jan 2021 00:00:00 GMT") == TEXT
    assert curl(server, "/text.txt", "-z", str(root / "text.txt"), "-w", "%{http_code}") == b"304"
    tag = str(tmp_path / "tag")
    assert curl(server, "/text.txt", "--etag-save", tag) == TEXT
    assert curl(server, "/text.txt", "--etag-compare", tag, "-w", "%{http_code}") == b"304"


def test_curl_unpacks_what_came_compressed(server):
    assert curl(server, "/text.txt", "--compressed", "-H", "Accept-Encoding: gzip") == TEXT
    assert gzip.decompress(curl(server, "/text.txt", "-H", "Accept-Encoding: gzip")) == TEXT


@pytest.mark.parametrize("words", [
    ["--data-binary", "@big"],
    ["-T", "big"],
    ["-T", "-"],
    ["-T", "-", "-H", "Expect: 100-continue"],
    ["--data-binary", "@big", "-H", "Expect:"],
    ["--http1.0", "--data-binary", "@big"],
    ["--data-binary", "@big", "-H", "Transfer-Encoding: chunked"],
])
def test_curl_sends_a_large_body_and_has_it_back(server, root, words, tmp_path):
    (tmp_path / "big").write_bytes(BIG)
    with open(tmp_path / "big", "rb") as big:
        assert curl(server, "/echo", *words, stdin=big, cwd=tmp_path) == BIG
    server.reaches(1, "responses_2xx")
    assert server.metric("request_errors") == 0


def test_curl_of_http_1_0_is_served(server):
    assert curl(server, "/text.txt", "--http1.0") == TEXT
    assert curl(server, "/text.txt", "--http1.0", "-H", "Connection: keep-alive") == TEXT


def test_curl_asks_twenty_times_on_one_connection(server):
    assert curl(server, "/text.txt?[1-20]") == TEXT * 20
    server.reaches(20, "responses_2xx")
    assert server.metric("accepts") == 1


def test_curl_follows_a_redirect(server, root):
    (root / "folder").mkdir()
    (root / "folder" / "index.html").write_text("page")
    told = curl(server, "/folder?a=b", "-L", "-w", " %{url_effective}")
    assert told == b"page " + url(server, "/folder/?a=b").encode()


def test_curl_that_is_refused_reads_why(server, tmp_path):
    (tmp_path / "large").write_bytes(bytes(33 << 20))
    words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{tmp_path}/large"]
    words.append(url(server, "/echo"))
    for expect in ([], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked", "-H", "Expect:"]):
        run = subprocess.run(words + expect, capture_output=True, timeout=DEADLINE, check=False)
        assert run.stdout == b"413"


# ---- load


@needs("h2load")
@pytest.mark.parametrize("path", ["/text.txt", "/big.bin"])
def test_h2load_has_as_many_answers_as_the_server(server, path):
    n = 2000 if path == "/text.txt" else 24
    command = ["h2load", "--h1", "-n", str(n), "-c", "8", "-t", "1", url(server, path)]
    report = subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True, text=True).stdout
    assert f"{n} succeeded, 0 failed, 0 errored, 0 timeout" in report
    assert f"status codes: {n} 2xx, 0 3xx, 0 4xx, 0 5xx" in report
    server.reaches(n, "responses_2xx")
    assert server.metric("request_errors") == 0


def test_wrk_has_as_many_answers_as_the_server(server):
    command = ["wrk", "-t1", "-c8", "-d1s", url(server, "/text.txt")]
    report = subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True, text=True).stdout
    assert "Socket errors" not in report and "Non-2xx" not in report
    server.reaches(int(re.search(r"(\d+) requests in", report)[1]), "responses_2xx")
    assert server.metric("request_errors") == 0


# ---- Python


def pieces(data, size):
    for at in range(0, len(data), size):
        yield data[at : at + size]


def test_http_client_sends_bodies_whole_and_in_chunks(server):
    connection = http.client.HTTPConnection(*server.address(), timeout=DEADLINE)
    for body, wanted in ((b"", b""), (b"x", b"x"), (BIG, BIG), (pieces(BIG, 99999), BIG), (pieces(b"abc", 1), b"abc")):
        connection.request("POST", "/echo", body, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, answer.read() == wanted) == (200, True)
    connection.request("GET", "/no-such-file")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (404, b"Not Found")
    connection.request("HEAD", "/big.bin")
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.getheader("content-length")) == (200, b"", str(len(BIG)))
    connection.close()
    server.reaches(7, "requests")
    assert server.metric("accepts") == 1


def test_aiohttp_keeps_a_pool_of_connections_and_streams_both_ways(server):
    aiohttp = pytest.importorskip("aiohttp")

    async def slowly():
        for piece in pieces(BIG[: 1 << 20], 65536):
            yield piece
            await asyncio.sleep(0)

    async def get(session, i):
        async with session.get(url(server, f"/text.txt?{i}")) as answer:
            assert (answer.status, await answer.read()) == (200, TEXT)

    async def download(session):
        data = bytearray()
        async with session.get(url(server, "/big.bin")) as answer:
            async for piece in answer.content.iter_chunked(10000):
                data += piece
        assert data == BIG

    async def upload(session):
        async with session.post(url(server, "/echo"), data=slowly()) as answer:
            assert await answer.read() == BIG[: 1 << 20]
        async with session.post(url(server, "/echo"), data=BIG) as answer:
            assert await answer.read() == BIG
        async with session.post(url(server, "/echo"), data=b"x" * 5000, expect100=True) as answer:
            assert await answer.read() == b"x" * 5000

    async def all_of_it():
        connector = aiohttp.TCPConnector(limit=8)
        async with aiohttp.ClientSession(connector=connector) as session:
            small = [get(session, i) for i in range(300)]
            large = [work(session) for work in (download, upload) for _ in range(3)]
            await asyncio.gather(*small, *large)

    asyncio.run(asyncio.wait_for(all_of_it(), DEADLINE))
    server.reaches(300 + 3 + 9, "responses_2xx")
    assert server.metric("accepts") <= 8
    assert server.metric("request_errors") == 0
