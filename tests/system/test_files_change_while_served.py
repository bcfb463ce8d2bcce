# SPDX-License-Identifier: MIT
"""Whatever becomes of a file while it is sent, no client gets a mixture, nor more or less than it was told."""

import os
import socket

import pytest
from waiting import wait_until

MIB = 1 << 20
SIZE = 64 * MIB  # more than any socket's buffers take
MODELS = ["hybrid", "processes"]


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "small.txt").write_text("small")
    with open(root / "large.bin", "wb") as file:
        for i in range(SIZE // MIB):
            file.write(bytes([i]) * MIB)
    return root


@pytest.fixture(name="files")
def files_fixture(serve, root):
    def files(model="hybrid", **options):
        log = {"access_log": str(root.parent / "access"), "access_format": "{path} {status} {outcome}"}
        options = {"root": str(root), **options}
        return serve({"web": {"app": "files", "model": model, "workers": 1, "options": options, **log}})

    return files


def begin(server, *headers):
    """A client that has the head of the large file, and knows that the rest cannot all be under way yet."""
    client = server.client()
    client.ask("/large.bin", "GET", "1.1", *headers)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.socket.recv(1)
    assert f"Content-Length: {SIZE}\r\n".encode() in head
    return client


def rest(client, most=SIZE):
    """What comes, up to the end of the connection or of the body."""
    data = bytearray()
    while len(data) < most:
        try:
            piece = client.socket.recv(min(MIB, most - len(data)))
        except ConnectionResetError:
            break
        if not piece:
            break
        data += piece
    return bytes(data)


def is_in_order(data):
    return all(data[at : at + MIB] == bytes([at // MIB]) * len(data[at : at + MIB]) for at in range(0, len(data), MIB))


@pytest.mark.parametrize("model", MODELS)
def test_file_that_becomes_shorter_ends_the_connection(files, root, model):
    server = files(model)
    with begin(server) as client:
        os.truncate(root / "large.bin", MIB)
        data = rest(client)
        assert MIB <= len(data) < SIZE
        assert is_in_order(data)
    wait_until(lambda: "200 failed" in (root.parent / "access").read_text(), "the log tells that it failed")
    with server.client() as client:
        assert client.get("/small.txt").body == b"small"


@pytest.mark.parametrize("model", MODELS)
def test_file_that_grows_is_sent_as_long_as_it_was(files, root, model):
    with begin(files(model)) as client:
        with open(root / "large.bin", "ab") as file:
            file.write(b"more" * MIB)
        assert is_in_order(rest(client))
        assert client.get("/small.txt").body == b"small"


@pytest.mark.parametrize("model", MODELS)
def test_file_that_is_gone_is_sent_whole_and_then_not_found(files, root, model):
    with begin(files(model, cache_valid="0ms")) as client:
        (root / "large.bin").unlink()
        data = rest(client)
        assert len(data) == SIZE and is_in_order(data)
        assert client.get("/large.bin").status == 404


@pytest.mark.parametrize("model", MODELS)
def test_file_that_is_replaced_is_sent_whole_as_it_was_and_then_as_it_is(files, root, model):
    with begin(files(model, cache_valid="0ms")) as client:
        (root / "new").write_text("new")
        (root / "new").rename(root / "large.bin")
        data = rest(client)
        assert len(data) == SIZE and is_in_order(data)
        assert client.get("/large.bin").body == b"new"


@pytest.mark.parametrize("model", MODELS)
def test_part_beyond_four_gigabytes_is_found(files, root, model):
    at = 5 << 30
    with open(root / "sparse.bin", "wb") as file:
        file.seek(at)
        file.write(b"the end")
    with files(model).client() as client:
        for wanted, content in ((f"{at}-", b"the end"), ("-7", b"the end"), (f"{at + 4}-{1 << 62}", b"end"),
                                (f"{at - 2}-{at + 2}", b"\0\0the"), (f"{1 << 32}-{1 << 32}", b"\0")):
            client.ask("/sparse.bin", "GET", "1.1", f"Range: bytes={wanted}")
            answer = client.answer()
            assert (answer.status, answer.body) == (206, content)
            assert answer.headers["content-range"].endswith(f"/{at + 7}")
        client.ask("/sparse.bin", "HEAD")
        assert client.answer(has_body=False).headers["content-length"] == str(at + 7)
        client.ask("/sparse.bin", "GET", "1.1", f"Range: bytes={at + 7}-")
        assert client.answer().status == 416
        client.ask("/sparse.bin", "GET", "1.1", f"Range: bytes=0-1,{at}-{at + 2}")
        assert b"\r\n\r\nthe\r\n--" in client.answer().body


def test_folder_becomes_a_file_and_a_file_a_folder(files, root):
    (root / "a").mkdir()
    with files(cache_valid="0ms").client() as client:
        assert client.get("/a").status == 301
        assert client.get("/small.txt").body == b"small"
        (root / "a").rmdir()
        (root / "a").write_text("file")
        (root / "small.txt").unlink()
        (root / "small.txt").mkdir()
        (root / "small.txt" / "index.html").write_text("page")
        assert client.get("/a").body == b"file"
        assert client.get("/a/").status == 404
        assert client.get("/small.txt").headers["location"] == "/small.txt/"
        assert client.get("/small.txt/").body == b"page"


@pytest.mark.parametrize("name", [
    b"a\nb", b"a\r\nX: y", b"\"q\"'", b"<b>", b"\xff\xfe", b"a b", b"a?b", b"a#b", b"a%41b", b"a:b", b"a&b;", b"\\",
    b"\x7f\x01",
])
def test_name_of_any_bytes_is_listed_redirected_and_found(files, root, name):
    folder = os.fsencode(root) + b"/" + name
    os.mkdir(folder)
    with open(folder + b"/" + name, "wb") as file:
        file.write(name)
    escaped = "".join(chr(c) if chr(c).isascii() and chr(c).isalnum() or c in b"-._~" else f"%{c:02X}" for c in name)
    with files(listing=True).client() as client:
        assert f'href="{escaped}/"' in client.get("/").body.decode()
        assert client.get(f"/{escaped}").headers["location"] == f"/{escaped}/"
        assert f'href="{escaped}"' in client.get(f"/{escaped}/").body.decode()
        assert client.get(f"/{escaped}/{escaped}").body == name


def test_listing_answers_head_ranges_and_conditions_as_a_page_without_validators(files, root):
    (root / "folder").mkdir()
    with files(listing=True).client() as client:
        whole = client.get("/folder/")
        client.ask("/folder/", "HEAD")
        head = client.answer(has_body=False)
        assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}
        for field in ("Range: bytes=0-1", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 'If-None-Match: "x"'):
            client.ask("/folder/", "GET", "1.1", field)
            answer = client.answer()
            assert (answer.status, answer.body) == (200, whole.body)


def test_each_coding_has_validators_of_its_own(files, root):
    text = b"text " * 200
    (root / "a.js").write_bytes(text)
    (root / "a.js.gz").write_bytes(b"gzipped, so to speak")
    gzip = "Accept-Encoding: gzip"
    with files(precompressed=True).client() as client:

        def ask(*headers, method="GET"):
            client.ask("/a.js", method, "1.1", *headers)
            answer = client.answer(has_body=method != "HEAD" and not any("If-None" in header for header in headers))
            assert answer.headers["vary"] == "Accept-Encoding"
            return answer

        plain, coded = ask(), ask(gzip)
        assert plain.headers["etag"] != coded.headers["etag"]
        assert ask(gzip, "If-None-Match: " + coded.headers["etag"]).status == 304
        assert ask("If-None-Match: " + plain.headers["etag"]).status == 304
        client.ask("/a.js", "GET", "1.1", gzip, "If-None-Match: " + plain.headers["etag"])
        assert client.answer().body == coded.body
        part = ask(gzip, "Range: bytes=2-5")
        assert (part.status, part.body, part.headers["content-encoding"]) == (206, coded.body[2:6], "gzip")
        mixed = ask(gzip, "Range: bytes=2-5", "If-Range: " + plain.headers["etag"])
        assert (mixed.status, mixed.body) == (200, coded.body)
        client.ask("/a.js", "GET", "1.1", gzip, "If-Match: " + plain.headers["etag"])
        assert client.answer().status == 412
        head = ask(gzip, method="HEAD")
        assert {**head.headers, "date": ""} == {**coded.headers, "date": ""}


def test_links_lead_no_further_than_the_root(files, root):
    (root / "sub").mkdir()
    (root.parent / "secret").write_text("secret")
    links = {
        "in": "small.txt",
        "sub/in": "../small.txt",
        "out": "../secret",
        "sub/out": "../../secret",
        "absolute": str(root / "small.txt"),
        "up": "..",
        "dir": "sub",
        "self": ".",
        "round": "sub/../../root/small.txt",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    with files(listing=True).client() as client:
        assert client.get("/in").body == b"small"
        assert client.get("/sub/in").body == b"small"
        assert client.get("/dir/in").body == b"small"
        assert client.get("/self/self/in").body == b"small"
        for path in ("/out", "/sub/out", "/absolute", "/up", "/up/", "/up/secret", "/round", "/dir/out"):
            assert client.get(path).status == 404, path
        page = client.get("/").body.decode()
        assert 'href="in"' in page and 'href="dir/"' in page
        assert "out" not in page and "absolute" not in page and 'href="up' not in page


def test_unread_answers_of_a_client_that_leaves_cost_nothing(files):
    server = files()
    for _ in range(20):
        with server.client() as client:
            client.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.reaches(0, "connections")
    with server.client() as client:
        assert client.get("/small.txt").body == b"small"
