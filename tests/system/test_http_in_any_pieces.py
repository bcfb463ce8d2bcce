# SPDX-License-Identifier: MIT
"""Requests of all kinds, pipelined and cut anywhere, are answered in order, each as it would be alone."""

import random
import threading

import pytest

BIG = bytes(i * 7 & 255 for i in range(300000))
SMALL = b"small file\n"


@pytest.fixture(name="server", params=["hybrid", "processes"])
def server_fixture(request, serve, tmp_path):
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "small.txt").write_bytes(SMALL)
    (root / "big.bin").write_bytes(BIG)
    options = {"root": str(root), "echo": "/echo"}
    return serve({"web": {"app": "files", "model": request.param, "workers": 1, "options": options}})


def get(rng):
    path, body = rng.choice([("/small.txt", SMALL), ("/big.bin", BIG)])
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nX: {'x' * rng.choice([1, 500, 5000])}\r\n\r\n".encode(), 200, body


def head(rng):
    path = rng.choice(["/small.txt", "/big.bin"])
    return f"HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 200, None


def part(rng):
    first = rng.randrange(len(BIG))
    last = rng.randrange(first, len(BIG))
    request = f"GET /big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes={first}-{last}\r\n\r\n"
    return request.encode(), 206, BIG[first : last + 1]


def missing(rng):
    body = b"GET /x HTTP/1.1\r\n\r\n" * rng.randrange(20)
    return b"GET /missing HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), 404, b"Not Found"


def redirect(_rng):
    return b"\r\nGET /folder HTTP/1.1\r\nHost: a\r\n\r\n", 301, b""


def known(_rng):
    return b"GET /big.bin HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 304, None


def refused(rng):
    body = rng.randbytes(rng.randrange(2000))
    return b"PUT /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), 405, b""


def length(rng):
    body = rng.randbytes(rng.choice([0, 1, 1023, 1024, 1025, 6000, 7168, 8192, 20000, 100000]))
    return b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), 200, body


def chunked(rng):
    pieces = [rng.randbytes(rng.choice([1, 2, 15, 16, 17, 1000, 9000])) for _ in range(rng.randrange(30))]
    extension = rng.choice([b"", b";a", b';a="b;"'])
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    trailer = rng.choice([b"", b"X: y\r\n"])
    head_of_it = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    return b"%s%s0\r\n%s\r\n" % (head_of_it, body, trailer), 200, b"".join(pieces)


KINDS = [get, head, part, missing, redirect, known, refused, length, chunked]


def cut(rng, data):
    """The data in pieces; a few sizes, so that ends of heads, bodies and buffers all get their cuts."""
    most = rng.choice([40, 1000, 1 << 20])
    at = 0
    while at < len(data):
        size = rng.randrange(1, most + 1)
        yield data[at : at + size]
        at += size


@pytest.mark.parametrize("seed", range(12))
def test_requests_in_any_pieces_are_answered_as_they_would_be_alone(server, seed):
    rng = random.Random(seed)
    cases = [rng.choice(KINDS)(rng) for _ in range(60)]
    pieces = list(cut(rng, b"".join(request for request, _, _ in cases)))
    with server.client() as client:
        sender = threading.Thread(target=lambda: [client.send(piece) for piece in pieces])
        sender.start()
        for i, (request, status, body) in enumerate(cases):
            answer = client.answer(has_body=body is not None)
            where = f"answer {i} of seed {seed} to {request[:60]!r}"
            assert answer.status == status, where
            assert body is None or answer.body == body, where
            assert "connection" not in answer.headers, where
        sender.join()
        assert not client.has_input()
    server.reaches(len(cases), "requests")
