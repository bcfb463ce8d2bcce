#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""HTTP/1.1 conformance corpus over raw sockets, written from RFC 9112 / RFC 9110 (stdlib only).

  http_cases.py HOST PORT [--path /hello.txt] [--post-path /echo] [--dir /sub] [--json OUT] [--only REGEX] [-v] [--list]

Levels: MUST, SHOULD (from the RFC text, cited per case), INFO (both outcomes allowed, or no RFC text: behaviour is only recorded).
A case marked `sec` bears on security (request smuggling, response splitting, traversal, memory, denial of service).
Verdicts: pass / FAIL / info / skip.  'N passed, M failed' counts MUST and SHOULD cases only.
Needs: a file of >= 20 bytes at --path; the rest adapts (echo endpoint and document root of make_root.sh are detected).
"""
import datetime, email.utils, re
from http_checks import NOT_METHOD, G, B, get, post, canary, smug, OK, st, rej, either, not2xx, framed, badframe, C, F, X, chunk, HELLO, want_part, full200
from http_run import main


# ======================================================================= A. request line
def sec_request_line():
    M = "9112 3"
    C("RL-04", "9112 2.2", "SHOULD", "space before the method", lambda: b" " + get(), rej())
    C("RL-06", M, "INFO", "tabs instead of spaces", lambda: b"GET\t" + B(G.path) + b"\tHTTP/1.1\r\nHost: a\r\n\r\n")
    C("RL-07", M, "INFO", "space after the version", lambda: get(ver="HTTP/1.1 "))
    C("RL-09", M, "SHOULD", "no target", lambda: b"GET HTTP/1.1\r\nHost: a\r\n\r\n", rej())
    C("RL-11", "9110 9.1", "MUST", "method is case-sensitive: 'get' is not GET", lambda: get(method="get"), either(st(*NOT_METHOD), rej()))
    for i, (m, d) in enumerate([("G@T", "@"), ("GE(T", "("), ("GET/", "/"), ('G"T', "quote"), ("G{T}", "braces"), ("G:T", ":")]):
        C("RL-14%s" % "abcdef"[i], "9110 5.6.2", "SHOULD", "non-token method with %s" % d, (lambda m=m: get(method=m)), rej(400, 405, 501))
    C("RL-15", "9110 5.6.2", "MUST", "NUL in the method", lambda: get(method="GE\0T"), rej(400, 405, 501), sec=True)
    C("RL-16", M, "SHOULD", "method of 2,000 characters: 501", lambda: get(method="A" * 2000), rej(400, 405, 414, 431, 501))
    for i, v in enumerate(["HTTP/1.", "HTTP/1", "HTTP/11", "HTTP/1.1.1", "HTTP/01.1", "HTTP/1.01", "HTTP/1.10", "HTTP/+1.1", "HTTP/1,1", "HTTP /1.1",
                           "HTTPS/1.1", "HTP/1.1", "HTTP/1.1x", "HTTP/1.x", "HTTP/", "1.1", "HTTP/1.1\0", "HTTP/4294967297.1"]):
        C("RL-21%s" % "abcdefghijklmnopqr"[i], "9112 2.3", "MUST" if "\0" in v or "429" in v else "SHOULD", "malformed version %r" % v, (lambda v=v: get(ver=v)), rej(400, 505), sec="\0" in v)
    C("RL-22", "9112 2.2", "INFO", "whole request with bare LF line ends", lambda: get().replace(b"\r\n", b"\n"))
    C("RL-27", M, "SHOULD", "DEL (0x7f) in the target", lambda: get(G.path + "?\x7f"), rej(400, 404))
    C("RL-28", "9112 3.2", "SHOULD", "space in the target", lambda: get(G.path + "?a b"), rej(400, 301, 505))
    C("RL-31", "9112 3.2.1", "SHOULD", "target without leading slash", lambda: get(G.path.lstrip("/")), rej(400, 404))
    C("RL-36", M, "SHOULD", "request line of 8,000 octets is supported", lambda: get(G.path + "?" + "a" * (8000 - len(G.path) - 14)), OK)
    C("RL-37", "9112 3", "MUST", "target of 64 KiB: 414 (or served)", lambda: get(G.path + "?" + "a" * 65536), either(st(414), OK))
    C("RL-38", "9112 3", "SHOULD", "target of 1 MiB: a 4xx reaches the client", lambda: get(G.path + "?" + "a" * (1 << 20)), either(st(414, 400, 431), OK), sec=True)


# ======================================================================= B. target forms
def sec_target():
    A = "9112 3.2.2"
    C("TF-01", A, "MUST", "absolute-form is accepted", lambda: get("http://%s%s" % (G.host, G.path)), OK)
    C("TF-03", "3986 3.1", "SHOULD", "scheme is case-insensitive (HTTP://)", lambda: get("HTTP://%s%s" % (G.host, G.path)), OK)
    C("TF-09", A, "INFO", "absolute-form of an unknown scheme", lambda: get("ftp://%s%s" % (G.host, G.path)))
    C("TF-14", "9112 3.2.3", "SHOULD", "GET with authority-form is refused", lambda: get("localhost:80"), rej(400, 404))
    C("TF-16", A, "MUST", "traversal inside absolute-form", lambda: get("http://%s/../../../../etc/passwd" % G.host), not2xx, sec=True)
    C("TF-17", "9112 3.2.4", "INFO", "OPTIONS /path", lambda: get(method="OPTIONS"))
    C("TF-19", "9112 3.2.2", "SHOULD", "absolute-form with port and query", lambda: get("http://%s:%d%s?q=1" % (G.host.split(":")[0], G.t.port, G.path)), OK)


# ======================================================================= C. Host
def sec_host():
    H = "9112 3.2"
    g = lambda h, ver="HTTP/1.1": B("GET %s %s\r\n" % (G.path, ver)) + B(h) + b"\r\n"
    C("HO-03", H, "MUST", "two Host lines, different: 400", lambda: g("Host: a\r\nHost: b\r\n"), rej(400), sec=True)
    bad = [("a b", "space"), ("a/b", "slash"), ("a@b", "userinfo"), ("a\\b", "backslash"), ("a:b:c", "two colons"), ("a:8x", "bad port"), ("[::1", "open bracket"), ("http://a", "URI"),
           ("a,b", "comma (valid sub-delim)"), ("a\x01b", "control"), ("a\0b", "NUL"), ("a<b>", "angle brackets"), ("a?b", "question mark"), ("a#b", "hash"), ("a%zz", "bad percent"), ("a:99999", "port 99999"), ("a:-1", "port -1")]
    for i, (v, d) in enumerate(bad):
        lv = "INFO" if d.startswith(("comma", "port 99999")) else "MUST"
        C("HO-07%s" % "abcdefghijklmnopq"[i], H, lv, "invalid Host: %s" % d, (lambda v=v: g("Host: %s\r\n" % v)), rej(400) if lv == "MUST" else None, sec=d in ("slash", "NUL", "control", "userinfo"))
    C("HO-11", "9110 5.1", "MUST", "field name is case-insensitive (hOsT)", lambda: g("hOsT: a\r\n"), OK)


# ======================================================================= D. header fields
def sec_fields():
    C("HF-11", "9112 2.2", "MUST", "bare LF then a framing field: taken or refused, never half", lambda: post("X: a\nContent-Length: 5\r\n", b"hello") + canary(), either(rej(), framed("hello")), sec=True, want=2)
    C("HF-15", "9112 5.2", "MUST", "obs-fold in Host gives an invalid value: 400", lambda: B("GET %s HTTP/1.1\r\nHost: a\r\n b\r\n\r\n" % G.path), rej(400), sec=True)
    C("HF-16", "9112 5.2", "MUST", "folded Transfer-Encoding value: refused or honoured", lambda: post("Transfer-Encoding:\r\n chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n") + canary(), either(rej(), framed("hello")), sec=True, want=2)
    for i, c in enumerate("\x01\x08\x0b\x0c\x1b\x7f"):
        C("HF-19%s" % "abcdef"[i], "9110 5.5", "INFO", "control 0x%02x in a field value" % ord(c), (lambda c=c: get(extra="X-A: a%sb\r\n" % c)))
    C("HF-22", "9112 5.1", "MUST", "empty value is accepted", lambda: get(extra="X-A:\r\nX-B: \r\n"), OK)
    C("HF-28", "9110 5.4", "INFO", "1,000 fields", lambda: get(extra="".join("X-H%d: v\r\n" % i for i in range(1000))))
    C("HF-31", "9110 5.4", "MUST", "value of 64 KiB: served or a 4xx", lambda: get(extra="X-A: %s\r\n" % ("v" * 65536)), either(OK, lambda r: True if 400 <= r.s() < 500 else "no 4xx"), sec=True)
    C("HF-34", "9110 5.4", "MUST", "name of 64 KiB: served or a 4xx", lambda: get(extra="%s: v\r\n" % ("n" * 65536)), either(OK, lambda r: True if 400 <= r.s() < 500 else "no 4xx"), sec=True)
    C("HF-37", "9112 2.2", "MUST", "head ended by CR alone is not ended", lambda: get()[:-2] + b"\r" + b"X: y", lambda r: not2xx(r), sec=True)
    C("HF-42", "9110 7.6.1", "MUST", "'Connection: content-length' does not undo the framing", lambda: post("Connection: content-length\r\nContent-Length: 5\r\n", b"hello") + canary(), either(rej(400), framed("hello")), sec=True, want=2)


# ======================================================================= E. Content-Length
def sec_cl():
    L = "9112 6.3"
    C("CL-01", "9112 6.2", "MUST", "POST with Content-Length", lambda: post("Content-Length: 5\r\n", b"hello") + canary(), framed("hello"), want=2)
    bad = ["-1", "+5", "0x5", "5a", "a", "5 5", "5.0", "5e0", "'5'", "\"5\"", "5;", "5,", ",5", "", "five", "5\0", "\x0b5", "\x0c5", "\xa05", "5\x0b", "-0", "1_0", "\xd9\xa5"]
    for i, v in enumerate(bad):
        lv = "INFO" if v in ("5,", ",5") else "MUST"
        C("CL-07%s" % "abcdefghijklmnopqrstuvwxyz"[i], L, lv, "invalid Content-Length %r: 400, close" % v, (lambda v=v: post("Content-Length: %s\r\n" % v, b"hello") + canary()), badframe() if lv == "MUST" else None, sec=True)
    over = ["18446744073709551621", "9223372036854775813", "36893488147419103237", "99999999999999999999999999999999", "340282366920938463463374607431768211461"]
    for i, v in enumerate(over):
        C("CL-08%s" % "abcde"[i], L, "MUST", "Content-Length %s must not wrap" % v, (lambda v=v: post("Content-Length: %s\r\n" % v, b"hello") + canary()), badframe(open_ok=True), sec=True)
    C("CL-12", "9110 8.6", "MUST", "octal look-alike '010' is ten", lambda: post("Content-Length: 010\r\n", b"0123456789") + canary(), either(rej(), framed("0123456789")), sec=True, want=2)
    for i, m in enumerate(["GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PATCH", "FOOBAR"]):
        C("CL-13%s" % "abcdefg"[i], "9112 6", "MUST", "%s with a body: the body is not the next request" % m,
          (lambda m=m: B("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (m, G.path, G.host, len(smug()))) + smug() + canary()),
          lambda r: True if r.n <= 1 or (r.n == 2 and 200 <= r.s(1) < 300) else "body taken for a request: " + r.got(), sec=True, want=2, methods=[m])
    C("CL-14", "9112 8", "SHOULD", "short body then FIN: an error or a close, no wait", lambda: [post("Content-Length: 50\r\n", b"hello"), ("shut",)], lambda r: True if r.closed and not (G.echo and r.s() in range(200, 300)) else "got " + r.got())
    C("CL-15", "9112 6.3", "MUST", "POST with Content-Length: 0", lambda: post("Content-Length: 0\r\n") + canary(), framed(""), want=2)
    C("CL-19", "9112 5.1", "MUST", "'Content-Length : 5': 400", lambda: post("Content-Length : 5\r\n", b"hello") + canary(), badframe(), sec=True)
    C("CL-21", "9110 15.5.14", "INFO", "Content-Length of 10 GB announced, nothing sent", lambda: post("Content-Length: 10737418240\r\n"))
    C("CL-22", "9110 15.5.14", "INFO", "20 MB body in full", lambda: post("Content-Length: 20971520\r\n", b"x" * 20971520), wait=3)
    C("CL-23", "9112 6.3", "MUST", "body of 60,000 bytes, then the next request", lambda: post("Content-Length: 60000\r\n", b"y" * 60000) + canary(), framed("y" * 60000), want=2, wait=3)
    C("CL-25", "9110 5.3", "MUST", "good and bad Content-Length: 400", lambda: post("Content-Length: 5\r\nContent-Length: x\r\n", b"hello") + canary(), badframe(), sec=True)


# ======================================================================= F. Transfer-Encoding and chunks
def sec_te():
    T, K = "9112 6.1", "9112 7.1"
    te = lambda v, body=HELLO, extra="": post("Transfer-Encoding: %s\r\n%s" % (v, extra), body)
    C("TE-01", K, "MUST", "chunked POST", lambda: te("chunked") + canary(), framed("hello"), want=2)
    C("TE-09", T, "MUST", "Transfer-Encoding + Content-Length in HTTP/1.0: close after it", lambda: post("Transfer-Encoding: chunked\r\nContent-Length: 15\r\nConnection: keep-alive\r\n", HELLO, ver="HTTP/1.0") + canary(), lambda r: True if r.n <= 1 and r.closed else "got " + r.got(), sec=True)
    for i, v in enumerate(["xchunked", "identity", "\x0bchunked", "chunked, identity", "", "chunked\0"]):
        C("TE-11" + "abcdef"[i], "9112 6.3", "MUST" if v else "SHOULD", "Transfer-Encoding %r with Content-Length: not framed by length" % v, (lambda v=v: post("Transfer-Encoding: %s\r\nContent-Length: 5\r\n" % v, b"hello") + canary()), badframe(), sec=True)
    C("TE-12", "9112 7.1", "SHOULD", "'chunked, chunked': refused", lambda: te("chunked, chunked") + canary(), badframe(), sec=True)
    C("TE-15", "9112 6.1", "SHOULD", "unknown coding before chunked: 501", lambda: te("foo, chunked") + canary(), rej(400, 501), want=2)
    C("TE-19", "9110 5.6.1", "MUST", "empty list elements ', chunked' / 'chunked,': honoured or refused", lambda: te(", chunked,") + canary(), either(badframe(), framed("hello")), sec=True, want=2)
    C("TE-21", "9112 5.1", "MUST", "'Transfer-Encoding : chunked': 400", lambda: post("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", HELLO) + canary(), badframe(), sec=True)
    for i, n in enumerate(["Transfer-Encoding\0", "\x0bTransfer-Encoding", "Transfer-Encoding\x0b", "Transfer Encoding", "Transfer-\xc9ncoding"]):
        C("TE-23" + "abcde"[i], "9110 5.1", "MUST", "field name %r: refused or without effect" % n, (lambda n=n: post("%s: chunked\r\nContent-Length: 15\r\n" % n, HELLO) + canary()), either(rej(), framed(HELLO)), sec=True, want=2)
    C("TE-26", "9112 6.3", "MUST", "chunked POST to a file that takes none, then the next request", lambda: post("Transfer-Encoding: chunked\r\n", chunk(smug()) + b"0\r\n\r\n", path=G.path) + canary(), lambda r: True if (r.n == 1 and r.closed) or (r.n == 2 and 200 <= r.s(1) < 300) else "got " + r.got(), want=2, sec=True)
    for i, m in enumerate(["GET", "HEAD", "OPTIONS", "DELETE"]):
        C("TE-25" + "abcd"[i], "9112 6", "MUST", "%s with a chunked body: the body is not the next request" % m,
          (lambda m=m: B("%s %s HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % (m, G.path, G.host)) + chunk(smug()) + b"0\r\n\r\n" + canary()),
          lambda r: True if r.n <= 1 or (r.n == 2 and 200 <= r.s(1) < 300) else "body taken for a request: " + r.got(), sec=True, want=2, methods=[m])

    # chunk syntax
    good = [("5\r\nhello\r\n0\r\n\r\n", "hello", "plain"), ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "0123456789" * 2, "hex digits in both cases"), ("5\r\nhello\r\n000\r\n\r\n", "hello", "last chunk '000'"),
            ("5;foo\r\nhello\r\n0\r\n\r\n", "hello", "extension name"), ("5;foo=bar;x=\"q;\\\"\"\r\nhello\r\n0;y\r\n\r\n", "hello", "extensions with quoted string"),
            ("0\r\n\r\n", "", "empty body"), ("5\r\nhello\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n", "hello", "trailers")]
    for i, (b, body, d) in enumerate(good):
        C("CK-01" + "abcdefg"[i], K, "MUST", "valid: " + d, (lambda b=b: te("chunked", B(b)) + canary()), framed(body), want=2)
    C("CK-02", "9112 7.1.1", "SHOULD", "BWS around ';' and '=' of an extension", lambda: te("chunked", b"5 ; foo = bar\r\nhello\r\n0\r\n\r\n") + canary(), either(framed("hello"), rej()), want=2)
    C("CK-03", K, "MUST", "leading zeros '0005': taken as 5 or refused", lambda: te("chunked", b"0005\r\nhello\r\n0\r\n\r\n") + canary(), either(framed("hello"), rej()), sec=True, want=2)
    for i, v in enumerate(["FFFFFFFFFFFFFFFF", "10000000000000005", "100000005", "80000005", "7FFFFFFFFFFFFFFF", "FFFFFFFF", "F" * 32 + "5", "8000000000000005"]):
        C("CK-05" + "abcdefgh"[i], K, "MUST", "chunk size %s must not wrap" % v, (lambda v=v: te("chunked", B(v) + b"\r\nhello\r\n0\r\n\r\n") + canary()), badframe(open_ok=True), sec=True)
    badc = [("0x5\r\nhello\r\n0\r\n\r\n", "0x prefix"), ("-5\r\nhello\r\n0\r\n\r\n", "minus"), ("+5\r\nhello\r\n0\r\n\r\n", "plus"), ("5g\r\nhello\r\n0\r\n\r\n", "trailing letter"), ("\r\nhello\r\n0\r\n\r\n", "empty size"),
            (" 5\r\nhello\r\n0\r\n\r\n", "leading space"), ("g\r\nhello\r\n0\r\n\r\n", "not hex"), ("5 5\r\nhello\r\n0\r\n\r\n", "two numbers"), ("5,\r\nhello\r\n0\r\n\r\n", "comma"), ("5\0\r\nhello\r\n0\r\n\r\n", "NUL after size"),
            (";\r\nhello\r\n0\r\n\r\n", "extension without size"), ("5\x0b\r\nhello\r\n0\r\n\r\n", "VT after size"), ("0_5\r\nhello\r\n0\r\n\r\n", "underscore"), ("5.\r\nhello\r\n0\r\n\r\n", "dot")]
    for i, (b, d) in enumerate(badc):
        C("CK-06" + "abcdefghijklmn"[i], K, "MUST", "bad chunk size: " + d, (lambda b=b: te("chunked", B(b)) + canary()), badframe(), sec=True)
    C("CK-09", K, "MUST", "bare CR after the size", lambda: te("chunked", b"5\rhello\r\n0\r\n\r\n") + canary(), badframe(), sec=True)
    C("CK-10", "9112 7.1", "SHOULD", "bare LF after the chunk data", lambda: te("chunked", b"5\r\nhello\n0\r\n\r\n") + canary(), badframe(), sec=True)
    C("CK-19", "9112 7.1.1", "INFO", "2,000 chunks of 1 byte with 60-byte extensions: limited", lambda: te("chunked", b"".join(b"1;" + b"e" * 60 + b"\r\nx\r\n" for _ in range(2000)) + b"0\r\n\r\n") + canary(), lambda r: True if 400 <= r.s() < 500 or (r.n == 0 and r.closed) else "got " + r.got(), sec=True, want=2)
    C("CK-21", "9110 6.5.1", "MUST", "framing fields in trailers have no effect", lambda: te("chunked", b"5\r\nhello\r\n0\r\nContent-Length: 500\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n") + canary(), either(rej(), framed("hello")), sec=True, want=2)
    C("CK-22", "9112 7.1.2", "SHOULD", "malformed trailer line: refused", lambda: te("chunked", b"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n") + canary(), badframe(), sec=True)
    C("CK-26", K, "MUST", "chunked body byte by byte", lambda: [x for b in (te("chunked", b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n")) for x in (bytes([b]), ("sleep", 0.001))] + [canary()], framed("hello"), want=2)
    C("CK-28", K, "MUST", "negative zero '-0' is no last chunk", lambda: te("chunked", b"5\r\nhello\r\n-0\r\n\r\n") + canary(), badframe(), sec=True)
    C("CK-29", K, "MUST", "junk after the last chunk is not skipped: '0<CRLF>X<CRLF>'", lambda: te("chunked", b"0\r\nX\r\n") + smug() + canary(), lambda r: True if r.n <= 1 or (r.n == 2 and 200 <= r.s(1) < 300) else "served: " + r.got(), sec=True, want=2)
    C("CK-32", K, "MUST", "0xA0 (not whitespace) after the size", lambda: te("chunked", b"5\xa0\r\nhello\r\n0\r\n\r\n") + canary(), badframe(), sec=True)
    C("CK-33", "9112 7.1.2", "MUST", "tab before the size", lambda: te("chunked", b"\t5\r\nhello\r\n0\r\n\r\n") + canary(), badframe(), sec=True)


# ======================================================================= G. methods
def sec_methods():
    C("ME-02", "9110 9.3.2", "MUST", "HEAD of a missing page has no body", lambda: get("/no-such-xyz", method="HEAD") + canary(), lambda r: True if r.n == 2 and r.s() == 404 and 200 <= r.s(1) < 300 else "got " + r.got(), want=2, methods=["HEAD", "GET"], sec=True)


    for i, m in enumerate(["POST", "PUT", "DELETE", "PATCH"]):
        C("ME-04" + "abcd"[i], "9110 15.5.6", "INFO", "%s on a static file" % m, (lambda m=m: B("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n" % (m, G.path, G.host))))
    C("ME-05", "9110 15.5.6", "MUST", "405 carries Allow", lambda: B("DELETE %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n" % (G.path, G.host)), lambda r: True if r.s() != 405 or r.finals[0].get("allow") is not None else "405 without Allow")
    C("ME-07", "9110 9.3.8", "SHOULD", "TRACE does not reflect Cookie", lambda: get(method="TRACE", extra="Cookie: secret=trace42\r\n"), lambda r: "reflected" if b"trace42" in r.raw else True, sec=True)
    C("ME-08", "9113 3.4", "SHOULD", "HTTP/2 preface: refused, or HTTP/2 spoken", lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", lambda r: True if r.h2 or rej(400, 405, 505)(r) is True else rej(400, 405, 505)(r))
    C("ME-14", "9110 10.1.1", "INFO", "unknown expectation", lambda: get(extra="Expect: foo\r\n"))


# ======================================================================= H. Expect
def sec_expect():
    E = "9110 10.1.1"
    C("EX-01", E, "MUST", "100-continue: a 100 or a final status comes before the body", lambda: [post("Content-Length: 5\r\nExpect: 100-continue\r\n"), ("read1xx", 1)], lambda r: True if r.n or r.pending_interim else "nothing came", wait=2.0)
    C("EX-04", E, "MUST", "no 100 to HTTP/1.0", lambda: [post("Content-Length: 5\r\nExpect: 100-continue\r\n", ver="HTTP/1.0"), ("sleep", 0.3), b"hello"], lambda r: "sent 1xx to HTTP/1.0" if r.pending_interim or (r.n and r.finals[0].interim) else (True if r.n else "got " + r.got()))
    C("EX-06", E, "MUST", "body sent at once: framing holds", lambda: post("Content-Length: 5\r\nExpect: 100-continue\r\n", b"hello") + canary(), either(framed("hello"), st(417)), want=2)
    C("EX-09", E, "INFO", "early final answer without reading: then the next request", lambda: [B("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nExpect: 100-continue\r\n\r\n" % G.path), ("read", 1), canary()], want=2)


# ======================================================================= I. connections
def sec_conn():
    P = "9112 9.3"
    C("CN-05", "9112 9.3", "MUST", "HTTP/1.0 closes", lambda: get(ver="HTTP/1.0"), lambda r: True if r.n == 1 and r.closed else "got " + r.got(), idle=0.6)
    C("CN-12", "9112 2.2", "SHOULD", "good, malformed, good: 200, 400, close", lambda: get() + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + get(), lambda r: True if r.n in (1, 2) and 200 <= r.s() < 300 and (r.n == 1 or r.s(1) == 400) and r.closed else "got " + r.got(), want=2, sec=True)
    C("CN-15", "9112 9.3", "SHOULD", "after 400 the connection is closed", lambda: b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", lambda r: True if r.closed else "left open", idle=0.6)


    @F("CN-17", P, "MUST", "request cut in two at every position")
    def split():
        q, bad, r = get(extra="X-A: b\r\n"), [], None
        for i in range(1, len(q)):
            r = X([q[:i], ("sleep", 0.004), q[i:]], idle=0.0)
            if OK(r) is not True:
                bad.append((i, r.got()))
        return (True if not bad else "failed at %s" % bad[:5]), r

    C("CN-18", "9112 9.6", "SHOULD", "half-close after a request: still answered", lambda: [get(), ("shut",)], OK)

    def alive():
        r = X(get())
        return OK(r), r





    @F("CN-24", "robustness", "MUST", "200 idle connections: a new one is served", sec=True, serial=True)
    def idle200():
        ss = []
        try:
            for _ in range(200):
                ss.append(G.t.connect())
            return alive()
        finally:
            for s in ss:
                s.close()

    @F("CN-25", "9112 9.5", "INFO", "100 requests on one connection, in turn")
    def hundred():
        r = X([x for _ in range(100) for x in (get(), )] if False else [y for i in range(1, 101) for y in (get(), ("read", i))], want=100)
        return True, r


# ======================================================================= J. responses, splitting
def sec_resp():

    for i, p in enumerate(["%s%%0d%%0aX-Injected:1", "%s?%%0d%%0aX-Injected:1", "%s/..%%0d%%0aX-Injected:1"]):
        C("RS-05" + "abc"[i], "9112 11.1", "MUST", "no splitting in a redirect: DIR%s" % p[2:], (lambda p=p: get(p % G.dir)), lambda r: "injected" if any("x-injected" in dict(x.headers) for x in r.finals) or r.n > 1 else True, sec=True)
    C("RS-06", "open redirect", "SHOULD", "'//host/DIR' does not redirect off-site", lambda: get("//evil.example/..%s" % G.dir), lambda r: "Location: %s" % r.finals[0].get("location") if r.n and re.match(r"^(//|https?://evil)", r.finals[0].get("location") or "") else True, sec=True)
    C("RS-07", "open redirect", "SHOULD", "'/' + DIR (two slashes) does not give Location: //...", lambda: get("/" + G.dir), lambda r: "Location: %s" % r.finals[0].get("location") if r.n and (r.finals[0].get("location") or "").startswith("//") else True, sec=True)
    C("RS-08", "XSS", "SHOULD", "error page does not reflect raw markup", lambda: get("/<script>alert(1)</script>"), lambda r: "reflected" if r.n and b"<script>alert" in r.finals[0].body and "html" in (r.finals[0].get("content-type") or "") else True, sec=True)
    C("RS-12", "9110 2.5", "INFO", "version of the response to HTTP/1.0", lambda: get(ver="HTTP/1.0"))
    C("RS-13", "9110 8.6", "MUST", "1 MiB file arrives whole", lambda: get("/big.bin"), lambda r: True if r.n and len(r.finals[0].body) == 1 << 20 and r.finals[0].complete else "got %d bytes" % (len(r.finals[0].body) if r.n else -1), needs="docroot", wait=4)
    C("RS-16", "9112 9.3.2", "MUST", "20 pipelined requests for a 1 MiB file: 20 whole answers", lambda: get("/big.bin") * 19 + get("/big.bin", extra="Connection: close\r\n"), lambda r: True if r.n == 20 and all(len(x.body) == 1 << 20 for x in r.finals) else "got " + r.got(), needs="docroot", wait=5, limit=30, want=20)


# ======================================================================= K. ranges, conditional requests
def sec_range():
    R, N = "9110 14.2", "static"
    q = lambda v, extra="": (lambda: get(extra="Range: %s\r\n%s" % (v() if callable(v) else v, extra)))
    C("RA-03", R, "SHOULD", "bytes=5- (to the end)", q("bytes=5-"), lambda r: want_part(5, len(G.full) - 1)(r), needs=N)
    C("RA-05", "9110 14.1.2", "MUST", "suffix longer than the file: the whole", q("bytes=-1000000"), either(lambda r: want_part(0, len(G.full) - 1)(r), full200), needs=N)
    C("RA-09", "9110 14.1.2", "SHOULD", "suffix bytes=-0 is unsatisfiable", q("bytes=-0"), either(st(416), full200), needs=N)
    C("RA-11", R, "MUST", "unknown unit is ignored", q("items=0-1"), full200, needs=N)
    C("RA-12", "9110 14.1", "SHOULD", "unit name is case-insensitive", q("Bytes=0-0"), either(lambda r: want_part(0, 0)(r), full200), needs=N)


    big = ["bytes=0-99999999999999999999999999", "bytes=99999999999999999999999999-", "bytes=-99999999999999999999999999", "bytes=18446744073709551616-18446744073709551620", "bytes=0-18446744073709551615", "bytes=0-9223372036854775807", "bytes=9223372036854775807-9223372036854775808", "bytes=4294967296-4294967300"]
    for i, v in enumerate(big):
        C("RA-16" + "abcdefgh"[i], R, "MUST", "huge numbers do not wrap: %s" % v, q(v), (lambda r, v=v: True if (r.s() == 206 and r.finals[0].body == G.full and v.startswith(("bytes=0-", "bytes=-"))) or (r.s() == 200 and r.finals[0].body == G.full) or r.s() in (400, 416) else "got %s, %d bytes" % (r.got(), len(r.finals[0].body) if r.n else -1)), sec=True, needs=N)
    C("RA-17", R, "MUST", "Range with HEAD is ignored (200)", lambda: get(method="HEAD", extra="Range: bytes=0-0\r\n"), st(200), needs=N, methods=["HEAD"])
    C("RA-22", "9110 13.1.5", "SHOULD", "If-Range with the exact Last-Modified: 206", lambda: get(extra="Range: bytes=1-2\r\nIf-Range: %s\r\n" % G.lm), lambda r: want_part(1, 2)(r), needs="lm")
    C("RA-24", "9110 14.2", "INFO", "range on an empty file", lambda: get("/zero.txt", extra="Range: bytes=0-0\r\n"), needs="docroot")


def sec_cond():
    N = "static"
    shift = lambda s: email.utils.format_datetime(email.utils.parsedate_to_datetime(G.lm) + datetime.timedelta(seconds=s), usegmt=True)
    C("CO-01", "9110 8.8.3", "SHOULD", "a file has an ETag in valid form", lambda: get(), lambda r: True if r.n and re.match(r'^(W/)?"[\x21\x23-\x7e\x80-\xff]*"$', r.finals[0].get("etag") or "") else "ETag %r" % (r.finals[0].get("etag") if r.n else None), needs=N)
    C("CO-04", "9110 13.2.2", "MUST", "If-None-Match wins over If-Modified-Since (no match + date match: 200)", lambda: get(extra="If-None-Match: \"x\"\r\nIf-Modified-Since: %s\r\n" % G.lm), st(200), needs="lm")
    C("CO-17", "9110 13.1.4", "MUST", "If-Unmodified-Since earlier: 412", lambda: get(extra="If-Unmodified-Since: %s\r\n" % shift(-3600)), st(412), needs="lm")
    C("CO-20", "9110 13.2.1", "MUST", "condition on a missing page: 404, not 304/412", lambda: get("/no-such-xyz", extra="If-None-Match: *\r\n"), st(404), needs=N)


# ======================================================================= L. paths
def sec_paths():
    T = "3986 5.2.4"
    tr = ["/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd", "/..\\..\\..\\..\\etc\\passwd", "/..%5c..%5c..%5cetc%5cpasswd",
          "/%252e%252e/%252e%252e/%252e%252e/etc/passwd", "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "/%u002e%u002e/%u002e%u002e/etc/passwd", "/sub/../../../../../../etc/passwd", "/sub/deep/../../../www-outside-secret.txt", "/../www-outside-secret.txt",
          "/..%2fwww-outside-secret.txt", "/sub/..%2f..%2fwww-outside-secret.txt", "/.%2e/www-outside-secret.txt", "/%2e./www-outside-secret.txt", "//..//..//etc/passwd", "/..;/..;/etc/passwd", "/....//....//....//etc/passwd", "//etc/passwd", "///etc/passwd",
          "/..%00/etc/passwd", "/./.././../etc/passwd", "/hello.txt/../../www-outside-secret.txt", "/..?/../etc/passwd", "/..", "/../", "/sub/../..", "/%2e%2e", "/..%2f", "/.", "/sub/..", "/\xc0\xae\xc0\xae/etc/passwd", "/proc/self/environ", "/..%c0%af..%c0%afetc/passwd", "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd%00.html"]

    def leak(r):
        return "LEAK" if re.search(rb"root:[^:\n]*:0:0:|OUTSIDE-DOCROOT-SECRET", r.raw) else (True if r.n or r.closed else "no response")
    for i, p in enumerate(tr):
        C("PA-01.%02d" % (i + 1), T, "MUST", "no traversal: %s" % p.encode("latin1").decode("latin1"), (lambda p=p: get(p)), leak, sec=True)
    C("PA-07", "files", "MUST", "FIFO in the root does not hang (run last: a server that blocks in open() is dead after this)", lambda: get("/fifo"), lambda r: True if r.n and r.s() not in (200,) else "got " + r.got(), needs="docroot", sec=True, wait=3, serial=True)
    C("PA-09", "files", "INFO", "dot file", lambda: get("/.hidden"), needs="docroot")
    C("PA-12", "3986 2.4", "MUST", "%20 is a space", lambda: get("/a%20b.txt"), lambda r: True if r.n and r.finals[0].body == b"space\n" else "got " + r.got(), needs="docroot")
    C("PA-15", "3986 2.4", "MUST", "%3f is not the query delimiter", lambda: get(G.path + "%3fx=1"), not2xx, needs="docroot", sec=True)
    C("PA-16", "3986 2.4", "MUST", "decoding happens once: %2520", lambda: get("/a%2520b.txt"), not2xx, needs="docroot", sec=True)
    C("PA-17", "3986 3.3", "INFO", "encoded slash /sub%2findex.html", lambda: get("/sub%2findex.html"), needs="docroot")
    C("PA-19", "files", "SHOULD", "component of 300 characters: 404 (or 414), no 5xx", lambda: get("/" + "a" * 300), st(400, 403, 404, 414))
    C("PA-20", "files", "SHOULD", "path of 2,000 components: 4xx, no 5xx", lambda: get("/a" * 2000), st(400, 403, 404, 414))
    C("PA-21", "files", "SHOULD", "path of 7,900 characters: 4xx, no 5xx", lambda: get("/" + "b" * 7900), st(400, 403, 404, 414))
    C("PA-24", "files", "INFO", "directory traversal with a file as directory: PATH/../PATH", lambda: get(G.path + "/.." + G.path))


SECTIONS = (sec_request_line, sec_target, sec_host, sec_fields, sec_cl, sec_te, sec_methods, sec_expect, sec_conn, sec_resp, sec_range, sec_cond, sec_paths)

if __name__ == "__main__":
    main(SECTIONS)
