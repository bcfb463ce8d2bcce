# SPDX-License-Identifier: MIT
"""Preconditions and ranges (RFC 9110, sections 13 and 14): of a file, and of bytes in memory."""

import email.utils
import os
import time
from collections import namedtuple

import pytest

DATE = "Tue, 05 Mar 2024 06:07:08 GMT"
BEFORE = "Tue, 05 Mar 2024 06:07:07 GMT"

Subject = namedtuple("Subject", "server path content")


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "big.bin").write_bytes(os.urandom(300_000))
    (root / "empty.txt").write_bytes(b"")
    moment = email.utils.parsedate_to_datetime(DATE).timestamp()
    os.utime(root / "big.bin", (moment, moment))
    return root


@pytest.fixture(name="files", params=["hybrid", "threads"])
def files_fixture(request, serve, root):
    server = serve({"web": {"app": "files", "model": request.param, "workers": 1, "options": {"root": str(root)}}})
    return Subject(server, "/big.bin", (root / "big.bin").read_bytes())


@pytest.fixture(name="subject", params=["file", "memory"])
def subject_fixture(request, serve, root):
    if request.param == "file":
        server = serve({"web": {"app": "files", "options": {"root": str(root)}}})
        return Subject(server, "/big.bin", (root / "big.bin").read_bytes())
    server = serve({"web": {"app": "demo"}})
    return Subject(server, "/poem", server.get("/poem").body)


def ask(subject, *fields, method="GET", path=None):
    """The answer, on a connection that answers once more after it."""
    with subject.server.client() as client:
        client.ask(path or subject.path, method, "1.1", *fields)
        answer = client.answer(has_body=method != "HEAD")
        assert client.get(subject.path).body == subject.content
        return answer


def parts_of(answer):
    """[(its head, its content)] of multipart/byteranges, read strictly."""
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    delimiter = f"\r\n--{boundary}".encode()
    preamble, *parts, end = answer.body.split(delimiter)
    assert (preamble, end) == (b"", b"--\r\n")
    heads = []
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        heads.append((fields, content))
    return heads


def test_range_is_had_alone(subject):
    length = len(subject.content)
    end = length - 1
    for text, first, last in [("0-0", 0, 0), ("5-", 5, end), ("-7", length - 7, end), ("3-99999999", 3, end)]:
        answer = ask(subject, f"Range: bytes={text}")
        assert (answer.status, answer.body) == (206, subject.content[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{length}"
        assert answer.headers["etag"] and answer.headers["date"] and answer.headers["content-type"]


def test_several_ranges_are_had_in_the_order_asked_for(subject):
    length = len(subject.content)
    answer = ask(subject, "Range: bytes=50-59, 0-0,-1")
    assert answer.status == 206 and "content-range" not in answer.headers
    assert [(head["content-range"], content) for head, content in parts_of(answer)] == [
        (f"bytes 50-59/{length}", subject.content[50:60]),
        (f"bytes 0-0/{length}", subject.content[:1]),
        (f"bytes {length - 1}-{length - 1}/{length}", subject.content[-1:]),
    ]
    assert {head["content-type"] for head, _ in parts_of(answer)} == {ask(subject).headers["content-type"]}


def test_long_parts_of_a_file_come_whole(files):
    answer = ask(files, "Range: bytes=150002-299999,0-150000")
    assert [content for _, content in parts_of(answer)] == [files.content[150002:], files.content[:150001]]


def test_ranges_that_touch_are_one(subject):
    answer = ask(subject, "Range: bytes=5-9,0-4,2-7")
    assert (answer.status, answer.body) == (206, subject.content[:10])
    assert answer.headers["content-range"] == f"bytes 0-9/{len(subject.content)}"


def test_range_that_cannot_be_had_is_told_the_length(subject):
    for text in ["bytes=-0", "bytes=99999999-", "bytes=99999999999999999999999-"]:
        answer = ask(subject, f"Range: {text}")
        assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(subject.content)}")


@pytest.mark.parametrize(
    "fields",
    [
        ["Range: items=0-1"],
        ["Range: bytes=5-3"],
        ["Range: bytes=0-0,x"],
        ["Range: bytes=0-0", "Range: bytes=2-2"],
        ["Range: bytes=" + ",".join(f"{i}-{i}" for i in range(0, 80, 2))],
        ["Range: bytes=0-0", 'If-Range: "other"'],
        ["Range: bytes=0-0", f"If-Range: {BEFORE}"],
        ["Range: bytes=0-0", "If-Range: yesterday"],
        ['If-Range: "other"'],
    ],
)
def test_range_that_means_nothing_here_is_ignored(subject, fields):
    answer = ask(subject, *fields)
    assert (answer.status, answer.body) == (200, subject.content)
    assert "content-range" not in answer.headers and answer.headers["accept-ranges"] == "bytes"


def test_a_thousand_ranges_are_no_more_than_the_content(subject):
    answer = ask(subject, "Range: bytes=" + ",".join(["0-"] * 1000))
    assert (answer.status, answer.body) == (206, subject.content)


def test_head_has_no_ranges(subject):
    answer = ask(subject, "Range: bytes=0-0", method="HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(subject.content)))
    assert ask(subject, "Range: bytes=99999999-", method="HEAD").status == 200


def test_range_goes_on_where_the_same_version_was_left(subject):
    etag = ask(subject).headers["etag"]
    answer = ask(subject, "Range: bytes=1-2", f"If-Range: {etag}")
    assert (answer.status, answer.body, answer.headers["etag"]) == (206, subject.content[1:3], etag)
    assert ask(subject, "Range: bytes=1-2", f"If-Range: W/{etag}").status == 200


def test_file_can_be_asked_for_by_its_date(files):
    assert ask(files).headers["last-modified"] == DATE
    assert ask(files, "Range: bytes=1-2", f"If-Range: {DATE}").status == 206
    for since in [DATE, "Tuesday, 05-Mar-24 06:07:08 GMT", "Tue Mar  5 06:07:08 2024", "Fri, 31 Dec 9999 00:00:00 GMT"]:
        assert ask(files, f"If-Modified-Since: {since}").status == 304
    for since in [BEFORE, "Tue, 5 Mar 2024 06:07:08 GMT", f"{DATE}, {DATE}"]:
        assert ask(files, f"If-Modified-Since: {since}").status == 200
    assert ask(files, f"If-Unmodified-Since: {BEFORE}").status == 412
    assert ask(files, f"If-Unmodified-Since: {DATE}").status == 200


def test_not_modified_has_its_tag_and_nothing_of_the_content(files):
    etag = ask(files).headers["etag"]
    for tags in [etag, f"W/{etag}", "*", f'"x", {etag}', f' , "a,b" ,,{etag},']:
        answer = ask(files, f"If-None-Match: {tags}", "Range: bytes=0-0")
        assert (answer.status, answer.headers["etag"], answer.body) == (304, etag, b"")
        assert not {"content-range", "content-length", "content-type", "last-modified"} & set(answer.headers)
        assert answer.headers["date"]
    assert ask(files, 'If-None-Match: "x"', f"If-None-Match: {etag}").status == 304
    assert ask(files, 'If-None-Match: "x"', f"If-Modified-Since: {DATE}").status == 200
    assert ask(files, f"If-None-Match: {etag}", f"If-Modified-Since: {BEFORE}").status == 304
    assert ask(files, f"If-None-Match: {etag}", method="HEAD").status == 304


def test_precondition_that_fails_goes_before_everything(files):
    etag = ask(files).headers["etag"]
    answer = ask(files, 'If-Match: "x"', f"If-None-Match: {etag}", "Range: bytes=99999999-")
    assert (answer.status, "etag" in answer.headers) == (412, False)
    assert ask(files, f"If-Match: W/{etag}").status == 412
    assert ask(files, f"If-Match: {etag}", f"If-Unmodified-Since: {BEFORE}").status == 200
    assert ask(files, "If-Match: *", "Range: bytes=0-0").status == 206
    assert ask(files, "If-None-Match: *", path="/none").status == 404
    assert ask(files, 'If-Match: "x"', method="HEAD").status == 412


def test_last_modified_is_never_later_than_date(files, root):
    os.utime(root / "empty.txt", (time.time() + 86400,) * 2)
    headers = ask(files, path="/empty.txt").headers
    told, date = (email.utils.parsedate_to_datetime(headers[name]) for name in ["last-modified", "date"])
    assert told <= date
    assert ask(files, f"If-Modified-Since: {DATE}", path="/empty.txt").status == 200


def test_time_0_is_no_time(files, root):
    os.utime(root / "empty.txt", (0, 0))
    answer = ask(files, f"If-Modified-Since: {DATE}", f"If-Unmodified-Since: {DATE}", path="/empty.txt")
    assert answer.status == 200 and "last-modified" not in answer.headers


def test_empty_file_has_no_first_byte(files):
    answer = ask(files, "Range: bytes=0-0", path="/empty.txt")
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */0")
    assert ask(files, "Range: bytes=-1", path="/empty.txt").status == 200
