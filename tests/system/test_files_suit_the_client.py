# SPDX-License-Identifier: MIT
"""A file comes in the coding that the client wants most, with its type; a folder without a page can be listed."""

import gzip
import os
import pathlib
import re

import pytest

TREE = pathlib.Path(__file__).parents[2]

TEXT = b"text " * 100
BR, ZSTD, GZIP = b"not really br", b"not really zstd", gzip.compress(TEXT)


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    (root / "folder" / "sub").mkdir(parents=True)
    (root / "a.js").write_bytes(TEXT)
    for ending, content in (("br", BR), ("zst", ZSTD), ("gz", GZIP)):
        (root / f"a.js.{ending}").write_bytes(content)
    (root / "plain.js").write_bytes(TEXT)
    (root / "old.js").write_bytes(TEXT)
    (root / "old.js.gz").write_bytes(GZIP)
    os.utime(root / "old.js.gz", (1, 1))
    (root / "folder" / "<b>.txt").write_bytes(b"b")
    (root / "folder" / ".hidden").write_bytes(b"hidden")
    (root / "noext").write_bytes(b"?")
    (root / "x.mine").write_bytes(b"mine")
    return root


@pytest.fixture(name="files")
def files_fixture(serve, root):
    def files(**options):
        return serve({"web": {"app": "files", "options": {"root": str(root), **options}}})

    return files


def ask(client, path, *headers, method="GET"):
    client.ask(path, method, "1.1", *headers)
    return client.answer(has_body=method != "HEAD")


@pytest.mark.parametrize("accept, coding, body", [
    (None, None, TEXT),
    ("", None, TEXT),
    ("gzip", "gzip", GZIP),
    ("gzip, deflate, br, zstd", "br", BR),
    ("gzip;q=1.0, br;q=0.5, zstd;q=0.9", "gzip", GZIP),
    ("br;q=0, *", "zstd", ZSTD),
    ("identity, gzip;q=0.5", None, TEXT),
    ("identity;q=0.5, gzip;q=0.4", None, TEXT),
    ("deflate", None, TEXT),
    ("identity;q=0, gzip", "gzip", GZIP),
])
def test_coding_is_what_the_client_wants_most(files, accept, coding, body):
    with files(precompressed=True).client() as client:
        answer = ask(client, "/a.js", *([] if accept is None else [f"Accept-Encoding: {accept}"]))
    assert (answer.status, answer.headers.get("content-encoding"), answer.body) == (200, coding, body)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_client_that_takes_nothing_that_there_is_gets_406(files):
    with files(precompressed="gz").client() as client:
        assert ask(client, "/a.js", "Accept-Encoding: identity;q=0, br").status == 406


def test_codings_have_tags_of_their_own_and_ranges_of_their_own_bytes(files):
    with files(precompressed=True).client() as client:
        tags = {name: ask(client, "/a.js", f"Accept-Encoding: {name}").headers["etag"]
                for name in ("br", "zstd", "gzip", "identity")}
        assert len(set(tags.values())) == 4
        known = ask(client, "/a.js", "Accept-Encoding: gzip", f"If-None-Match: {tags['gzip']}", method="HEAD")
        assert (known.status, known.headers["vary"], known.headers["etag"]) == (304, "Accept-Encoding", tags["gzip"])
        other = ask(client, "/a.js", "Accept-Encoding: gzip", f"If-None-Match: {tags['br']}")
        assert (other.status, other.body) == (200, GZIP)
        part = ask(client, "/a.js", "Accept-Encoding: gzip", "Range: bytes=2-5", f"If-Range: {tags['gzip']}")
        assert (part.status, part.body, part.headers["content-encoding"]) == (206, GZIP[2:6], "gzip")
        assert part.headers["content-range"] == f"bytes 2-5/{len(GZIP)}"
        whole = ask(client, "/a.js", "Accept-Encoding: gzip", "Range: bytes=2-5", f"If-Range: {tags['br']}")
        assert (whole.status, whole.body) == (200, GZIP)


def test_file_without_a_copy_or_with_an_older_one_or_without_the_option_is_as_it_is(files):
    with files(precompressed=True).client() as client:
        for path in ("/plain.js", "/old.js"):
            answer = ask(client, path, "Accept-Encoding: gzip")
            assert (answer.status, answer.body, answer.headers.get("vary")) == (200, TEXT, None)
    with files().client() as client:
        assert ask(client, "/a.js", "Accept-Encoding: gzip").body == TEXT


def test_types_are_those_of_the_tables_and_cache_control_is_sent(files, root, tmp_path):
    (tmp_path / "types").write_text("text/x-js js\n")
    (root / "page.html").write_bytes(b"<p>")
    server = files(mime_types=str(tmp_path / "types"), types="text/mine mine, x/y z", charset="iso-8859-1",
                   cache_control="public, max-age=3600")
    with server.client() as client:
        types = {path: client.get(path).headers["content-type"]
                 for path in ("/a.js", "/x.mine", "/page.html", "/noext", "/a.js.gz")}
        assert types == {"/a.js": "text/x-js; charset=iso-8859-1", "/x.mine": "text/mine; charset=iso-8859-1",
                         "/page.html": "text/html; charset=iso-8859-1", "/noext": "application/octet-stream",
                         "/a.js.gz": "application/gzip"}
        assert client.get("/a.js").headers["cache-control"] == "public, max-age=3600"
        assert "cache-control" not in client.get("/none").headers


def test_folder_is_listed_where_the_option_says_so(files):
    with files().client() as client:
        assert client.get("/folder/").status == 404
    with files(listing=True).client() as client:
        answer = client.get("/folder/")
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        page = answer.body.decode()
        assert page.index('href="../"') < page.index('href="sub/"') < page.index('href="%3Cb%3E.txt">&#60;b&#62;.txt<')
        assert "hidden" not in page
        assert client.get("/folder/%3Cb%3E.txt").body == b"b"
        assert client.get("/none/").status == 404
        head = ask(client, "/folder/", method="HEAD")
        assert head.headers["content-length"] == str(len(answer.body))


def test_large_folder_is_listed_while_others_are_answered(files, root):
    (root / "large").mkdir()
    for i in range(10100):
        (root / "large" / str(i)).touch()
    server = files(listing=True)
    with server.client() as slow, server.client() as client:
        slow.ask("/large/")
        assert client.get("/plain.js").status == 200
        page = slow.answer().body
    assert page.count(b"<tr><td>") == 10001 and b"There are more" in page
    assert "holds the loop" not in server.logged()


def test_example_has_every_option_with_its_default(files):
    example = (TREE / "etc" / "examples" / "files.yaml").read_text(encoding="utf-8").partition("options:")[2]
    table = (TREE / "worker" / "app" / "app_files.c").read_text(encoding="utf-8")
    given = dict(re.findall(r"^ +(\w+): (\S+) +#", example, re.M))
    assert given.pop("root") == '"${ROOT}"'
    assert given == {name: default.strip('"').replace("MIME_TYPES", "/etc/mime.types") for name, default in
                     re.findall(r"COP_OPTION\(struct files, (\w+),\s+CONFIG_\w+,\s+([^,]+),", table) if name != "root"}
    assert files(**given).get("/noext").status == 200
