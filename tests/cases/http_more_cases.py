#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""More cases in the form of http_cases.py, and run as that is: what lies beside its cases, section by section.

Where RFC 9112 or 9110 leaves a choice, the outcome here is the one that this server has decided for.
"""
import datetime, email.utils, random, re
from http_checks import B, C, F, G, HELLO, OK, X, badframe, canary, chunk, either, framed, full200, get, not2xx, post, rej, smug, st, want_part
from http_run import main


def answers(*codes, closed=None):
    """exactly these final statuses, and whether the connection is closed behind them"""
    def f(r):
        got = tuple(x.status for x in r.finals)
        if got != codes:
            return "wanted %s" % (codes,)
        return True if closed is None or bool(r.closed) == closed else "closed: %s" % r.closed
    return f


def field(name, wanted, status=None, i=0):
    """answer i has this value of a field; None: none. A pattern matches from end to end."""
    def f(r):
        if r.n <= i or (status and r.s(i) != status):
            return "wanted %s" % status
        v = r.finals[i].get(name)
        ok = v is None if wanted is None else v is not None and re.fullmatch(wanted, v)
        return True if ok else "%s is %r" % (name, v)
    return f


def both(*fs):
    def f(r):
        for x in fs:
            y = x(r)
            if y is not True:
                return y
        return True
    return f


def body(wanted, i=0):
    return lambda r: True if r.n > i and r.finals[i].body == B(wanted) else "body %r" % (r.finals[i].body[:60] if r.n > i else None)


def raw(line, fields="Host: a\r\n"):
    return B(line) + b"\r\n" + B(fields) + b"\r\n"


def letters(n):
    return ["%s%s" % (chr(97 + i // 26) if n > 26 else "", chr(97 + i % 26)) for i in range(n)]


def each(id, rfc, level, desc, values, make, check, **kw):
    for c, v in zip(letters(len(values)), values):
        C(id + c, rfc, level, "%s %r" % (desc, v if len(repr(v)) < 50 else repr(v)[:46] + "..."), (lambda v=v: make(v)), check(v) if callable(check) and kw.get("per") else check, **{k: x for k, x in kw.items() if k != "per"})


# ======================================================================= A. request line
def sec_request_line():
    M = "9112 3"
    C("RL-01", M, "MUST", "GET", lambda: get(), both(OK, lambda r: body(G.full)(r)))
    C("RL-02", "9112 2.2", "SHOULD", "an empty line before the request is skipped", lambda: b"\r\n" + get(), OK)
    C("RL-03", "9112 2.2", "SHOULD", "a hundred empty lines are not", lambda: b"\r\n" * 100 + get(), rej(400), sec=True)
    C("RL-05", M, "SHOULD", "two spaces behind the method", lambda: get().replace(b"GET ", b"GET  "), rej(400))
    C("RL-05b", M, "SHOULD", "two spaces before the version", lambda: get(ver=" HTTP/1.1"), rej(400))
    C("RL-08", "9112 A", "MUST", "HTTP/0.9: 400", lambda: B("GET %s\r\n" % G.path), rej(400), sec=True)
    C("RL-08b", "9112 A", "MUST", "HTTP/0.9 with a space: 400", lambda: B("GET %s \r\n\r\n" % G.path), rej(400), sec=True)
    C("RL-08c", "9112 A", "MUST", "HTTP/0.9 with a bare LF: 400", lambda: B("GET %s\n" % G.path), rej(400), sec=True)
    C("RL-10", M, "SHOULD", "no method", lambda: raw("%s HTTP/1.1" % G.path), rej(400))
    C("RL-10b", M, "SHOULD", "only a version", lambda: raw("HTTP/1.1"), rej(400))
    C("RL-10c", M, "SHOULD", "an answer instead of a request", lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", rej(400), sec=True)
    each("RL-12", "9110 9.1", "SHOULD", "unknown method: 501", ["FOO", "GETT", "GE", "G", "HEADER", "X-Y", "PO", "POSTED", "Get", "M1!#$%&'*+-.^_`|~", "PUTS", "OPTION", "DEL"], lambda v: get(method=v), rej(501))
    each("RL-13", "9110 9.1", "SHOULD", "method of other protocols: 501", ["PROPFIND", "MKCOL", "COPY", "LOCK", "SEARCH", "SOURCE", "M-SEARCH", "NOTIFY", "PURGE", "LINK", "MERGE", "ACL", "REPORT", "BIND", "MKCALENDAR", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "RECORD", "FLUSH", "QUERY", "SUBSCRIBE", "PRI"], lambda v: get(method=v), rej(501))
    C("RL-17", "9110 2.5", "SHOULD", "HTTP/1.2 is served as 1.1", lambda: get(ver="HTTP/1.2"), both(OK, lambda r: True if r.raw.startswith(b"HTTP/1.1 ") and not r.closed else "got " + r.got()))
    C("RL-17b", "9110 2.5", "SHOULD", "HTTP/1.9 is served as 1.1", lambda: get(ver="HTTP/1.9"), OK)
    each("RL-18", "9110 15.6.6", "SHOULD", "major version that is not spoken: 505", ["HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/2.1"], lambda v: get(ver=v), rej(505))
    C("RL-18e", "9113 3.4", "SHOULD", "the first line of HTTP/2's preface alone: 505", lambda: b"PRI * HTTP/2.0\r\n\r\n", rej(505))
    each("RL-19", "9112 2.3", "SHOULD", "version below 1: 400", ["HTTP/0.9", "HTTP/0.0", "HTTP/0.1"], lambda v: get(ver=v), rej(400, 505))
    C("RL-20", "9112 2.3", "MUST", "the version is case-sensitive", lambda: get(ver="http/1.1"), rej(400, 505))
    C("RL-20b", "9112 2.3", "MUST", "HtTP/1.1", lambda: get(ver="HtTP/1.1"), rej(400, 505))
    C("RL-23", "9112 2.2", "MUST", "bare CR behind the request line", lambda: B("GET %s HTTP/1.1\rHost: a\r\n\r\n" % G.path), rej(400), sec=True)
    C("RL-23b", "9112 2.2", "MUST", "bare CR in the target", lambda: get(G.path + "\r"), rej(400), sec=True)
    C("RL-23c", "9112 2.2", "MUST", "CR CR LF behind the request line", lambda: B("GET %s HTTP/1.1\r\r\nHost: a\r\n\r\n" % G.path), rej(400), sec=True)
    C("RL-24", "9112 2.2", "SHOULD", "bare LF behind the request line", lambda: B("GET %s HTTP/1.1\nHost: a\r\n\r\n" % G.path), rej(400), sec=True)
    C("RL-25", "9112 2.2", "SHOULD", "bare LF before the request", lambda: b"\n" + get(), rej(400))
    C("RL-25b", "9112 2.2", "SHOULD", "bare CR before the request", lambda: b"\r" + get(), rej(400))
    C("RL-26", M, "SHOULD", "NUL in the target", lambda: get(G.path + "\0"), rej(400), sec=True)
    each("RL-29", M, "SHOULD", "control in the target", ["\x01", "\t", "\x0b", "\x0c", "\x1b", "\x1f"], lambda v: get(G.path + "?a" + v + "b"), rej(400), sec=True)
    C("RL-30", M, "SHOULD", "fragment in the target: 400", lambda: get(G.path + "#frag"), rej(400))
    C("RL-30b", M, "SHOULD", "fragment behind a query: 400", lambda: get(G.path + "?a#frag"), rej(400))
    C("RL-32", M, "SHOULD", "8-bit octets in a query are let through", lambda: get(G.path + "?\xff\x80\xfe"), OK)
    C("RL-32b", M, "SHOULD", "8-bit octets in a path are a name that is not there", lambda: get("/\xff\x80\xfe"), st(404))
    C("RL-33", "3986 2.1", "SHOULD", "%00 in the path", lambda: get(G.path + "%00"), rej(400), sec=True)
    C("RL-33b", "3986 2.1", "SHOULD", "%00 amid the path", lambda: get(G.path + "%00.txt"), rej(400), sec=True)
    each("RL-34", "3986 2.1", "SHOULD", "bad percent sign in the path", ["%", "%z", "%zz", "%2", "%g0", "%0g", "%%", "% 0", "%+1", "%-1", "%0x"], lambda v: get("/a" + v), rej(400, 404))
    C("RL-34z", "3986 2.1", "SHOULD", "bad percent sign in the query is nobody's business", lambda: get(G.path + "?a=%zz%"), OK)
    C("RL-35", M, "SHOULD", "an empty query", lambda: get(G.path + "?"), OK)
    C("RL-35b", M, "SHOULD", "question marks in the query", lambda: get(G.path + "?a?b?c"), OK)
    C("RL-35c", M, "SHOULD", "a path and .. in the query", lambda: get(G.path + "?/../../x"), OK)
    each("RL-39", "9112 3", "MUST", "targets around the limit of a head: served, 414 or 431; length", [16000, 16200, 16300, 16330, 16340, 16350, 16360, 16370, 16380, 16384, 16390, 17000], lambda v: get(G.path + "?" + "a" * v), either(OK, rej(414, 431)))
    C("RL-40", M, "MUST", "10 MiB without a line end are cut", lambda: b"A" * (10 << 20), rej(400, 414, 431, 501), sec=True)
    C("RL-41", M, "MUST", "10 MiB of target are cut", lambda: b"GET /" + b"a" * (10 << 20), rej(414), sec=True)
    C("RL-42", "9112 9.2", "MUST", "a TLS hello gets no 2xx", lambda: bytes.fromhex("1603010200010001fc0303") + bytes(range(64)), rej(400, close_ok=True), sec=True)
    C("RL-43", M, "SHOULD", "version and no CRLF, then FIN: closed without a 2xx", lambda: [B("GET %s HTTP/1.1" % G.path), ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("RL-44", "9112 2.2", "SHOULD", "an empty line between two requests is skipped", lambda: get() + b"\r\n" + canary(), answers(200, 200, closed=True), want=2)
    C("RL-45", "9112 2.2", "SHOULD", "an empty line behind a body is skipped", lambda: post("Content-Length: 5\r\n", b"hello") + b"\r\n" + canary(), answers(200, 200, closed=True), want=2)
    C("RL-46", "9112 2.2", "SHOULD", "an empty line alone is no request", lambda: [b"\r\n", ("sleep", 0.1), canary()], answers(200, closed=True))
    C("RL-47", "9112 2.2", "SHOULD", "CR, a wait, LF, then the request", lambda: [b"\r", ("sleep", 0.05), b"\n", ("sleep", 0.05), canary()], answers(200, closed=True))


# ======================================================================= B. target forms
def sec_target():
    A = "9112 3.2.2"
    u = lambda t, **k: get(t, **k)
    C("TF-02", A, "MUST", "absolute-form with another Host: the path is what counts", lambda: B("GET http://other%s HTTP/1.1\r\nHost: a\r\n\r\n" % G.path), OK)
    C("TF-02b", "9112 3.2", "MUST", "absolute-form without Host: 400", lambda: get("http://a" + G.path, host=False), rej(400))
    C("TF-02c", "9112 3.2", "MUST", "absolute-form with an invalid Host: 400", lambda: B("GET http://a%s HTTP/1.1\r\nHost: a b\r\n\r\n" % G.path), rej(400))
    C("TF-04", A, "SHOULD", "https in absolute-form", lambda: u("https://a" + G.path), either(OK, rej(400, 421)))
    C("TF-05", A, "MUST", "absolute-form without a path is /", lambda: u("http://a"), both(OK, body("<!doctype html><title>t</title><p>index page of the test document root</p>\n")), needs="docroot")
    C("TF-06", A, "MUST", "absolute-form with a query and no path", lambda: u("http://a?q=1"), OK)
    C("TF-07", "9110 4.2.4", "SHOULD", "userinfo in absolute-form", lambda: u("http://u:p@a" + G.path), rej(400), sec=True)
    each("TF-08", A, "MUST", "absolute-form without a host", ["http://", "http:///x", "http://:80/x", "http:/x", "http:x", "http:", "http://?"], u, rej(400), sec=True)
    each("TF-08z", A, "SHOULD", "absolute-form with a bad authority", ["http://a b/x", "http://a:8x/x", "http://[::1/x", "http://a:1:2/x", "http://a\\b/x", "http://<a>/x"], u, rej(400), sec=True)
    each("TF-08y", A, "SHOULD", "absolute-form with a good authority", ["a:80", "[::1]", "[::1]:8080", "127.0.0.1", "a.b-c_d", "%61", "A:"], lambda v: u("http://%s%s" % (v, G.path)), OK)
    C("TF-10", "9112 3.2.4", "SHOULD", "OPTIONS *", lambda: u("*", method="OPTIONS"), both(st(200, 204), field("allow", ".*GET.*")))
    each("TF-11", "9112 3.2.4", "SHOULD", "* with another method", ["GET", "POST", "DELETE", "TRACE"], lambda m: u("*", method=m), rej(400))
    C("TF-11x", "9112 3.2.4", "SHOULD", "OPTIONS **", lambda: u("**", method="OPTIONS"), rej(400))
    C("TF-11y", "9112 3.2.4", "SHOULD", "OPTIONS */x", lambda: u("*/x", method="OPTIONS"), rej(400))
    C("TF-12", "9112 3.2.4", "SHOULD", "OPTIONS of a host in absolute-form", lambda: u("http://a", method="OPTIONS"), both(st(200, 204), field("allow", ".*GET.*")))
    each("TF-13", "9112 3.2.3", "SHOULD", "CONNECT", ["a:80", "[::1]:443", "a"], lambda v: u(v, method="CONNECT") + smug(), both(rej(405, 501, 400), lambda r: True if r.closed else "left open"), methods=["CONNECT"], sec=True)
    each("TF-15", "9112 3.2.3", "SHOULD", "CONNECT without an authority", ["/", "http://a/", "a/b", "*", "a:b", "u@a:80"], lambda v: u(v, method="CONNECT"), rej(400, 405, 501), sec=True)
    C("TF-18", "3986 3.5", "SHOULD", "fragment in absolute-form", lambda: u("http://a" + G.path + "#x"), rej(400))
    C("TF-20", A, "SHOULD", "absolute-form in HTTP/1.0 without Host", lambda: get("http://a" + G.path, ver="HTTP/1.0", host=False), OK)
    each("TF-21", A, "SHOULD", "other schemes", ["file:///etc/passwd", "ftp://a/x", "javascript:alert(1)", "httpx://a/x", "ws://a/x", "//a/x:http://"], u, either(rej(400), st(404)), sec=True)
    C("TF-22", A, "MUST", "a directory in absolute-form is redirected to a path of this host", lambda: u("http://evil.example/sub"), field("location", "/sub/", 301), needs="docroot", sec=True)
    C("TF-23", A, "MUST", "two slashes behind the authority", lambda: u("http://a//sub"), field("location", "/sub/", 301), needs="docroot", sec=True)


# ======================================================================= C. Host
def sec_host():
    H = "9112 3.2"
    g = lambda h, ver="HTTP/1.1": B("GET %s %s\r\n" % (G.path, ver)) + B(h) + b"\r\n"
    C("HO-01", H, "MUST", "no Host in HTTP/1.1: 400", lambda: g(""), rej(400))
    C("HO-02", H, "MUST", "no Host in HTTP/1.0", lambda: g("", "HTTP/1.0"), OK)
    C("HO-04", H, "MUST", "two Host lines, the same: 400", lambda: g("Host: a\r\nHost: a\r\n"), rej(400), sec=True)
    C("HO-04b", H, "MUST", "two Host lines in HTTP/1.0: 400", lambda: g("Host: a\r\nHost: a\r\n", "HTTP/1.0"), rej(400), sec=True)
    C("HO-04c", H, "MUST", "two Host lines, others between: 400", lambda: g("Host: a\r\nX: y\r\nhOST: b\r\n"), rej(400), sec=True)
    C("HO-04d", H, "MUST", "three Host lines, two of them empty: 400", lambda: g("Host:\r\nHost: a\r\nHost:\r\n"), rej(400), sec=True)
    C("HO-05", H, "MUST", "empty Host", lambda: g("Host:\r\n"), OK)
    C("HO-06", H, "MUST", "Host of white space alone is empty", lambda: g("Host: \t \r\n"), OK)
    good = ["a", "a:80", "a:", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080", "[2001:db8::1]", "[::ffff:1.2.3.4]", "[v1.fe80::a+en1]", "a.", "xn--nxasmq6b", "a_b", "%41", "a:65535", "a:0", "a:0000080", "sub-delims!$&'()*+;=", "localhost"]
    each("HO-08", H, "MUST", "valid Host", good, lambda v: g("Host: %s\r\n" % v), OK)
    bad = ["a\tb", "a#", "[", "]", "[]", "[::1", "::1", "[::1]x", "[::1]:x", "[:::1]", "[1.2.3.4]", "[v.x]", "[vg.x]", "a:b", "a:80:80", "a: 80", "a :80", "a:80 b", "%", "%4", "%zz", "a\x7f", "a\"b", "a|b", "a^b", "a`b", "a{b}", "ü", "a,b c", "a:+80", "a:0x50", "a%00%zz", "//a", "a/", "?", "a;b@c"]
    each("HO-09", H, "MUST", "invalid Host", bad, lambda v: g("Host: %s\r\n" % v), rej(400), sec=True)
    C("HO-10", H, "MUST", "invalid Host in HTTP/1.0", lambda: g("Host: a b\r\n", "HTTP/1.0"), rej(400))
    C("HO-12", "9112 5.1", "MUST", "space before the colon of Host", lambda: g("Host : a\r\n"), rej(400), sec=True)
    C("HO-13", "9112 5", "MUST", "Host is found as the last field", lambda: g("X-A: b\r\nX-B: c\r\nHost: a\r\n"), OK)
    C("HO-14", "9112 5", "MUST", "Hostx is not Host", lambda: g("Hostx: a\r\n"), rej(400))
    C("HO-15", "9112 5", "MUST", "X-Host is not Host", lambda: g("X-Host: a\r\n"), rej(400))
    C("HO-16", H, "MUST", "name of 300 characters", lambda: g("Host: %s\r\n" % ("a" * 300)), either(OK, rej(400)))
    C("HO-17", H, "MUST", "good Host, bad Host: 400, whichever is first", lambda: g("Host: a/b\r\nHost: a\r\n"), rej(400), sec=True)


# ======================================================================= D. header fields
def sec_fields():
    S = "9112 5"
    each("HF-01", "9112 5.1", "MUST", "name and colon, and what lies between: 400", ["X : v", "X\t: v", " X: v", "\tX: v", "X", ": v", "X Y: v", ":", "X\0: v", "\xe9: v", "X(: v", "X/Y: v", "X[0]: v", "X\"Y: v", "X@Y: v", "X,Y: v", "X;Y: v", "X=Y: v", "X{}: v", "X<: v", "X\\Y: v", "X?: v", "\x7f: v", "X\x01: v"], lambda v: get(extra=v + "\r\n"), rej(400), sec=True)
    each("HF-02", "9110 5.6.2", "MUST", "every token character is good in a name", ["!#$%&'*+-.^_`|~", "0", "a", "-", "X.Y", "_x", "~"], lambda v: get(extra=v + ": v\r\n"), OK)
    each("HF-03", "9112 5.1", "MUST", "white space around a value", ["X:v", "X:  v", "X:\tv", "X: \t v \t ", "X: v\t", "X:\t", "X: a b\tc"], lambda v: get(extra=v + "\r\n"), OK)
    C("HF-04", "9112 5", "MUST", "white space between the request line and the first field", lambda: B("GET %s HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n" % G.path), rej(400), sec=True)
    C("HF-05", "9112 2.2", "SHOULD", "bare LF between fields", lambda: get(extra="X: a\nY: b\r\n"), rej(400), sec=True)
    C("HF-06", "9112 2.2", "SHOULD", "bare LF ends the head", lambda: get()[:-2] + b"\n", rej(400), sec=True)
    C("HF-07", "9112 2.2", "MUST", "bare CR in a value", lambda: get(extra="X: a\rb\r\n"), rej(400), sec=True)
    C("HF-07b", "9112 2.2", "MUST", "bare CR before a CRLF", lambda: get(extra="X: a\r\r\n"), rej(400), sec=True)
    C("HF-07c", "9112 2.2", "MUST", "bare CR, then a framing field", lambda: post("X: a\rContent-Length: 5\r\n", b"hello") + canary(), rej(400), sec=True)
    C("HF-08", "9110 5.5", "MUST", "NUL in a value", lambda: get(extra="X: a\0b\r\n"), rej(400), sec=True)
    each("HF-09", "9110 5.5", "SHOULD", "control in a value: 400", [chr(c) for c in list(range(1, 9)) + list(range(11, 13)) + list(range(14, 32)) + [127]], lambda v: get(extra="X: a%sb\r\n" % v), rej(400), sec=True)
    C("HF-10", "9110 5.5", "MUST", "8-bit octets in a value", lambda: get(extra="X: \x80\xff\xfc\r\n"), OK)
    each("HF-12", "9112 5.2", "SHOULD", "folded line: 400", ["X: a\r\n b", "X: a\r\n\tb", "X: a\r\n ", "X:\r\n b", "X: a\r\n \r\n c"], lambda v: get(extra=v + "\r\n"), rej(400), sec=True)
    C("HF-13", "9112 5.2", "MUST", "fold before the end of the head", lambda: get()[:-2] + b" \r\n\r\n", rej(400), sec=True)
    C("HF-14", "9112 5.2", "MUST", "folded Content-Length", lambda: post("Content-Length: 1\r\n 5\r\n", b"hello") + canary(), badframe(), sec=True)
    C("HF-17", "9112 5.2", "MUST", "folded Connection", lambda: get(extra="Connection:\r\n close\r\n"), rej(400), sec=True)
    C("HF-18", S, "MUST", "the same field many times", lambda: get(extra="X: a\r\n" * 50), OK)
    C("HF-20", "9110 5.4", "MUST", "90 fields", lambda: get(extra="".join("X-H%d: v\r\n" % i for i in range(90))), OK)
    C("HF-20b", "9110 5.4", "MUST", "100 fields beside Host", lambda: get(extra="".join("X-H%d: v\r\n" % i for i in range(100))), OK)
    C("HF-21", "9110 5.4", "MUST", "5,000 fields: 431", lambda: get(extra="".join("X-H%d: v\r\n" % i for i in range(5000))), rej(431, 400), sec=True)
    C("HF-23", "9110 5.4", "MUST", "value of 8,000 octets", lambda: get(extra="X: %s\r\n" % ("v" * 8000)), OK)
    C("HF-24", "9110 5.4", "MUST", "name of 8,000 octets", lambda: get(extra="%s: v\r\n" % ("n" * 8000)), OK)
    C("HF-25", "9110 5.4", "SHOULD", "head of 1 MiB: 431 reaches the client", lambda: get(extra="".join("X-H%d: %s\r\n" % (i, "v" * 1000) for i in range(1000))), rej(431), sec=True)
    C("HF-26", "9110 5.4", "SHOULD", "endless field without a line end is cut", lambda: get()[:-2] + b"X: " + b"v" * (4 << 20), rej(431), sec=True)
    C("HF-27", "9110 5.4", "MUST", "head of 15,900 octets, then another request", lambda: get(extra="X: %s\r\n" % ("v" * 15700)) + canary(), answers(200, 200, closed=True), want=2)
    C("HF-29", S, "MUST", "two heads of 8,000 octets each, pipelined", lambda: get(extra="X: %s\r\n" % ("v" * 7900)) + get(extra="X: %s\r\nConnection: close\r\n" % ("v" * 7900)), answers(200, 200, closed=True), want=2)
    each("HF-30", S, "MUST", "head of n octets, pipelined between others, n:", list(range(5990, 6300, 31)) + list(range(6900, 7300, 37)), lambda n: get() + get(extra="X: %s\r\n" % ("v" * n)) + post("Content-Length: 3000\r\n", b"b" * 3000) + canary(), answers(200, 200, 200, 200, closed=True), want=4)
    C("HF-32", "9110 7.6.1", "MUST", "fields named in Connection are no matter", lambda: get(extra="Connection: x-a, host\r\nX-A: b\r\n"), OK)
    C("HF-33", "9110 7.6.1", "MUST", "'Connection: transfer-encoding' does not undo the framing", lambda: post("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", HELLO) + canary(), framed("hello"), sec=True, want=2)
    C("HF-35", S, "MUST", "a head that ends in CRLF CR, then FIN", lambda: [get()[:-1], ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("HF-36", S, "MUST", "two empty names", lambda: get(extra=":\r\n:\r\n"), rej(400))
    C("HF-38", "9110 5.5", "SHOULD", "LF and CR swapped", lambda: get().replace(b"\r\n", b"\n\r"), rej(400), sec=True)


# ======================================================================= E. Content-Length
def sec_cl():
    L = "9112 6.3"
    C("CL-02", L, "MUST", "POST without a length has no body", lambda: post("") + canary(), framed(""), want=2)
    C("CL-03", L, "MUST", "two equal Content-Length: 400", lambda: post("Content-Length: 5\r\nContent-Length: 5\r\n", b"hello") + canary(), badframe(), sec=True)
    C("CL-04", L, "MUST", "two Content-Length that differ: 400", lambda: post("Content-Length: 5\r\nContent-Length: 6\r\n", b"hello") + canary(), badframe(), sec=True)
    each("CL-05", L, "MUST", "lists of lengths: 400", ["5, 5", "5,5", "5, 6", "5 , 5", "5,", ",5", ", 5"], lambda v: post("Content-Length: %s\r\n" % v, b"hello") + canary(), badframe(), sec=True)
    C("CL-06", L, "MUST", "equal lengths in other cases of the name: 400", lambda: post("Content-Length: 5\r\ncontent-length: 5\r\n", b"hello") + canary(), badframe(), sec=True)
    each("CL-09", "9112 5.1", "MUST", "white space around the number", ["5 ", " 5", "\t5", "  5  "], lambda v: post("Content-Length:%s\r\n" % v, b"hello") + canary(), framed("hello"), want=2)
    each("CL-09z", "9112 5.1", "MUST", "a tab behind the number is white space", ["5\t", "5 \t"], lambda v: post("Content-Length: %s\r\n" % v, b"hello") + canary(), framed("hello"), want=2)
    C("CL-10", L, "MUST", "leading zeros", lambda: post("Content-Length: 0000000005\r\n", b"hello") + canary(), either(framed("hello"), badframe()), want=2, sec=True)
    C("CL-10b", L, "MUST", "a thousand leading zeros", lambda: post("Content-Length: %s5\r\n" % ("0" * 1000), b"hello") + canary(), either(framed("hello"), badframe()), want=2, sec=True)
    each("CL-11", L, "MUST", "more that is no number", ["5\t5", "0x", "0b101", "1e1", "∞".encode().decode("latin1"), "NaN", "5\r", "--5", "5-", "5%", "%35", "00x5", "0 5", "5\xff", "\xff5", "+0", "-1", "1,000"], lambda v: post("Content-Length: %s\r\n" % v, b"hello") + canary(), badframe(), sec=True)
    C("CL-16", L, "MUST", "the body comes later, in pieces", lambda: [post("Content-Length: 5\r\n"), ("sleep", 0.05), b"he", ("sleep", 0.05), b"llo" + canary()], framed("hello"), want=2)
    C("CL-17", L, "MUST", "a body that looks like a request", lambda: post("Content-Length: %d\r\n" % len(smug()), smug()) + canary(), lambda r: framed(smug())(r), want=2, sec=True)
    C("CL-18", L, "MUST", "a body of all octets", lambda: post("Content-Length: 256\r\n", bytes(range(256))) + canary(), framed(bytes(range(256))), want=2)
    C("CL-20", "9112 5", "MUST", "Content_Length is another field", lambda: post("Content_Length: 5\r\n") + canary(), framed(""), want=2, sec=True)
    C("CL-20b", "9112 5", "MUST", "X-Content-Length is another field", lambda: post("X-Content-Length: 5\r\n") + canary(), framed(""), want=2, sec=True)
    C("CL-24", "9112 9.3", "MUST", "30 POSTs with bodies, pipelined", lambda: b"".join(post("Content-Length: %d\r\n" % (i * 37), b"z" * (i * 37)) for i in range(30)) + canary(), lambda r: True if [x.status for x in r.finals] == [200] * 31 and all(len(r.finals[i].body) == i * 37 for i in range(30)) else "got " + r.got(), want=31)
    C("CL-26", "9110 15.5.14", "MUST", "over the limit: 413 before the body, then closed", lambda: post("Content-Length: 1099511627776\r\n"), both(rej(413), lambda r: True if r.closed else "open"), idle=4.0, sec=True)
    C("CL-27", "9110 15.5.14", "SHOULD", "40 MB in full: 413 reaches the client", lambda: post("Content-Length: 41943040\r\n", b"x" * 41943040), rej(413), wait=3, sec=True)
    C("CL-28", L, "MUST", "Content-Length in HTTP/1.0, kept alive", lambda: post("Content-Length: 5\r\nConnection: keep-alive\r\n", b"hello", ver="HTTP/1.0") + get(ver="HTTP/1.0"), framed("hello"), want=2)
    C("CL-29", "9112 6.3", "MUST", "GET with Content-Length: 0", lambda: get(extra="Content-Length: 0\r\n") + canary(), answers(200, 200, closed=True), want=2)
    each("CL-30", L, "MUST", "body as large as a buffer, and one more or less:", [1023, 1024, 1025, 6143, 6144, 6145, 7167, 7168, 7169, 8191, 8192, 8193, 65535, 65536, 65537], lambda n: post("Content-Length: %d\r\n" % n, b"q" * n) + canary(), lambda n: framed("q" * n), want=2, per=True)
    each("CL-32", "9110 8.6", "SHOULD", "a number of more than 64 bits is no bad one, but too large: 413", ["18446744073709551616", "99999999999999999999", "0" * 30 + "9" * 30, "9" * 2000], lambda v: post("Content-Length: %s\r\nExpect: 100-continue\r\n" % v), both(rej(413), lambda r: True if r.closed and not r.finals[0].interim else "got " + r.got()), sec=True)
    C("CL-31", "9112 8", "SHOULD", "no body at all, then FIN", lambda: [post("Content-Length: 5\r\n"), ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())


# ======================================================================= F. Transfer-Encoding and chunks
def sec_te():
    T, K = "9112 6.1", "9112 7.1"
    te = lambda v, body=HELLO, extra="": post("Transfer-Encoding: %s\r\n%s" % (v, extra), body)
    each("TE-02", K, "MUST", "names of codings are case-insensitive", ["Chunked", "CHUNKED", "cHuNkEd"], lambda v: te(v) + canary(), framed("hello"), want=2)
    each("TE-03", "9112 5.1", "MUST", "white space around it", ["\tchunked", "chunked ", "  chunked\t"], lambda v: te(v) + canary(), framed("hello"), want=2)
    C("TE-04", "9112 6.3", "MUST", "Transfer-Encoding and Content-Length: 400, close", lambda: te("chunked", extra="Content-Length: 15\r\n") + canary(), badframe(), sec=True)
    C("TE-05", "9112 6.3", "MUST", "Content-Length before it: 400, close", lambda: post("Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-06", "9112 6.3", "MUST", "with Content-Length: 0: 400, close", lambda: te("chunked", extra="Content-Length: 0\r\n") + canary(), badframe(), sec=True)
    C("TE-07", "9112 6.3", "MUST", "on GET: 400, close", lambda: get(extra="Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + HELLO + canary(), badframe(), sec=True)
    C("TE-08", T, "MUST", "in HTTP/1.0: 400, close", lambda: post("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", HELLO, ver="HTTP/1.0") + canary(), badframe(), sec=True)
    bad = ["xchunked", "x-chunked", "chunkedx", "chunked-foo", "chunk", "chu nked", "\"chunked\"", "'chunked'", "chunked\0", "\0chunked", "\x0bchunked", "chunked\x0b", "\x0cchunked", "identity", "chunked, identity", "chunked, gzip", "gzip", "foo", "", "chunked foo", "chunked;", "chunked/1", "\xffchunked", "chunked\xa0", "deflate, identity", "cow, chunked, cow", "gzip, chunked", "chunked, chunked", "chunked,", ",chunked", "chunked;q=1", "compress", "x-gzip, chunked", "identity, chunked", "chunked\tchunked", "trailers", "*"]
    each("TE-10", T, "MUST", "not served, and closed:", bad, lambda v: te(v) + canary(), badframe(), sec=True)
    C("TE-13", T, "MUST", "two lines, chunked last", lambda: post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-14", T, "MUST", "two lines, chunked first", lambda: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-16", T, "MUST", "two lines, both chunked", lambda: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-17", T, "MUST", "chunked and an empty line of it", lambda: post("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-18", T, "MUST", "an empty line of it, then chunked", lambda: post("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", HELLO) + canary(), badframe(), sec=True)
    C("TE-20", "9112 5.2", "MUST", "folded: 400", lambda: te("chunked\r\n , identity") + canary(), badframe(), sec=True)
    C("TE-22", "9112 7.4", "MUST", "TE is no Transfer-Encoding", lambda: get(extra="TE: chunked, trailers\r\nConnection: TE\r\n") + canary(), answers(200, 200, closed=True), want=2)
    C("TE-24", "9110 5.1", "MUST", "Transfer_Encoding is another field", lambda: post("Transfer_Encoding: chunked\r\nContent-Length: 15\r\n", HELLO) + canary(), framed(HELLO), sec=True, want=2)
    good = [("5\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"), ("00000000000000005\r\nhello\r\n0\r\n\r\n", "hello"), ("5;\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=b\r\nhello\r\n0;c=d\r\n\r\n", "hello"), ("5;a=\"\\\"\\\\;,\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=\"b\tc\xff\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5\r\nhello\r\n0\r\nX:\r\n\r\n", "hello"), ("5\r\nhello\r\n0\r\nX:y\r\nZ: \t\r\n\r\n", "hello"), ("5\r\nhello\r\n00000\r\n\r\n", "hello"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"), ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n")]
    for c, (b, wanted) in zip(letters(len(good)), good):
        C("CK-04" + c, K, "MUST", "valid chunks %r" % b, (lambda b=b: te("chunked", B(b)) + canary()), framed(wanted), want=2)
    badc = ["\n5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\r\r\n", "5\r\r\nhello\r\n0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\t\r\nhello\r\n0\r\n\r\n", "5 ;a\r\nhello\r\n0\r\n\r\n", "5;a\nhello\r\n0\r\n\r\n", "5;a\rhello\r\n0\r\n\r\n", "5;\0\r\nhello\r\n0\r\n\r\n", "5;a=\"\r\nhello\r\n0\r\n\r\n", "5;a=\"\\\r\nhello\r\n0\r\n\r\n", "5:a\r\nhello\r\n0\r\n\r\n", "5#\r\nhello\r\n0\r\n\r\n", "5=\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0 \r\n\r\n", "5\r\nhello\r\n0x\r\n\r\n", "5\r\nhello\r\n0\r\nX\r\n\r\n", "5\r\nhello\r\n0\r\nX : y\r\n\r\n", "5\r\nhello\r\n0\r\n X: y\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\n\r\n", "5\r\nhello\r\n0\r\nX: \0\r\n\r\n", "5\r\nhello\r\n0\r\n: y\r\n\r\n", "5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n", "5\r\nhello\r\n0\r\nX(: y\r\n\r\n", "h\r\nhello\r\n0\r\n\r\n", "\xb2\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "5\r\nhello\r\n,0\r\n\r\n", "\0005\r\nhello\r\n0\r\n\r\n", "\x0c5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n+0\r\n\r\n", "5\r\nhello\r\n;\r\n\r\n"]
    each("CK-07", K, "MUST", "bad chunks", badc, lambda b: te("chunked", B(b)) + canary(), badframe(), sec=True)
    C("CK-08", K, "MUST", "bare LF behind the size", lambda: te("chunked", b"5\nhello\n0\n\n") + canary(), badframe(), sec=True)
    C("CK-11", K, "MUST", "cut amid a chunk by FIN: no 2xx", lambda: [te("chunked", b"5\r\nhe"), ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("CK-12", K, "MUST", "no last chunk, then FIN: no 2xx", lambda: [te("chunked", b"5\r\nhello\r\n"), ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("CK-13", K, "MUST", "no final empty line, then FIN: no 2xx", lambda: [te("chunked", b"5\r\nhello\r\n0\r\n"), ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("CK-14", K, "MUST", "a chunk of 100,000 octets", lambda: te("chunked", chunk(b"c" * 100000) + b"0\r\n\r\n") + canary(), framed("c" * 100000), want=2)
    C("CK-15", K, "MUST", "100 chunks of 1,000 octets", lambda: te("chunked", chunk(b"d" * 1000) * 100 + b"0\r\n\r\n") + canary(), framed("d" * 100000), want=2)
    C("CK-16", K, "MUST", "500 chunks of one octet", lambda: te("chunked", chunk(b"e") * 500 + b"0\r\n\r\n") + canary(), framed("e" * 500), want=2)
    C("CK-17", K, "SHOULD", "endless extension: refused", lambda: te("chunked", b"5;" + b"x" * (1 << 20)), rej(413, 431, 400), sec=True)
    C("CK-18", K, "SHOULD", "endless size of zeros: refused", lambda: te("chunked", b"0" * (1 << 20)), rej(413, 431, 400), sec=True)
    C("CK-20", "9110 6.5", "SHOULD", "endless trailers: refused", lambda: te("chunked", b"0\r\n" + b"X: y\r\n" * 100000), rej(431, 413, 400), sec=True)
    C("CK-20b", "9110 6.5", "SHOULD", "one endless trailer: refused", lambda: te("chunked", b"0\r\nX: " + b"y" * (1 << 20)), rej(431, 413, 400), sec=True)
    C("CK-23", "9110 15.5.14", "SHOULD", "40 MB in chunks: 413 reaches the client", lambda: te("chunked", chunk(b"f" * 65536) * 640 + b"0\r\n\r\n"), rej(413), wait=3, sec=True)
    C("CK-23b", "9112 7.1", "MUST", "20 MB in chunks come back", lambda: te("chunked", chunk(b"f" * 65536) * 320 + b"0\r\n\r\n") + canary(), lambda r: framed("f" * (65536 * 320))(r), wait=3, want=2)
    C("CK-24", K, "MUST", "chunks that look like requests", lambda: te("chunked", chunk(smug()) * 3 + b"0\r\n\r\n") + canary(), lambda r: framed(smug() * 3)(r), want=2, sec=True)
    C("CK-25", K, "MUST", "every octet in chunks", lambda: te("chunked", chunk(bytes(range(256))) * 5 + b"0\r\n\r\n") + canary(), framed(bytes(range(256)) * 5), want=2)
    C("CK-27", K, "MUST", "20 chunked POSTs, pipelined", lambda: b"".join(te("chunked", chunk(b"g" * (i * 99 + 1)) + b"0\r\n\r\n") for i in range(20)) + canary(), lambda r: True if [x.status for x in r.finals] == [200] * 21 and all(len(r.finals[i].body) == i * 99 + 1 for i in range(20)) else "got " + r.got(), want=21)
    C("CK-30", "9112 7.1.2", "MUST", "Connection: close in a trailer is not heeded", lambda: te("chunked", b"0\r\nConnection: close\r\n\r\n") + canary(), answers(200, 200, closed=True), want=2)
    C("CK-31", K, "MUST", "chunked PUT to a file: 405, and the body is no request", lambda: B("PUT %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % G.path) + chunk(smug()) + b"0\r\n\r\n" + canary(), lambda r: True if r.s() == 405 and (r.n == 1 and r.closed or r.n == 2 and r.s(1) == 200) else "got " + r.got(), want=2, sec=True)


# ======================================================================= G. methods
def sec_methods():
    m = lambda name, path=None, extra="": get(path, method=name, extra=extra)

    @F("ME-01", "9110 9.3.2", "SHOULD", "HEAD has the fields of GET, for every kind of answer")
    def heads():
        paths = [G.path, "/", "/sub", "/sub/", "/empty/", "/no-such-xyz", "/big.bin", "/zero.txt", "/hello.txt/", "/fifo", "/%zz", "/symlink-out", "/.hidden", "/a%20b.txt", "/sub?a=b"]
        extras = ["", "If-None-Match: *\r\n", "If-Match: \"x\"\r\n", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n", "Accept-Encoding: gzip, identity;q=0\r\n", "Range: items=0-1\r\n", "Connection: close\r\n", "Expect: foo\r\n", "Host: again\r\n", "Transfer-Encoding: foo\r\n"]
        for p in paths:
            for e in extras:
                a, b = X(get(p, extra=e), idle=0.03), X(get(p, extra=e, method="HEAD"), methods=["HEAD"], idle=0.03)
                f = lambda r: r.n and (r.s(), sorted((n, v) for n, v in r.finals[0].headers if n != "date"))
                if not a.n or f(a) != f(b) or b.junk:
                    return "%s %r: %s, %s" % (p, e, f(a), f(b)), b
        return True, b
    C("ME-03", "9110 9.3.2", "MUST", "HEAD and GET, pipelined", lambda: m("HEAD") + get() + m("HEAD", "/big.bin") + m("HEAD", "/sub") + canary(), answers(200, 200, 200, 301, 200, closed=True), methods=["HEAD", "GET", "HEAD", "HEAD", "GET"], want=5)
    each("ME-06", "9110 15.5.6", "SHOULD", "405 with Allow on a file:", ["POST", "PUT", "DELETE", "PATCH"], lambda v: post("Content-Length: 0\r\n", method=v, path=G.path), both(st(405), field("allow", ".*GET, HEAD.*")))
    C("ME-06x", "9110 15.5.6", "MUST", "405 keeps the connection", lambda: post("Content-Length: 0\r\n", path=G.path) + canary(), answers(405, 200, closed=True), want=2)
    C("ME-09", "9110 9.3.8", "SHOULD", "TRACE: 405 with Allow", lambda: m("TRACE"), both(st(405), field("allow", ".*GET.*")), sec=True)
    C("ME-09b", "9110 9.3.8", "SHOULD", "TRACE with a body: the body is no request", lambda: B("TRACE %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (G.path, len(smug()))) + smug() + canary(), lambda r: True if r.n <= 2 and r.s() in (400, 405) and (r.n == 1 or r.s(1) == 200) else "got " + r.got(), want=2, sec=True)
    C("ME-10", "9110 9.3.7", "SHOULD", "OPTIONS of a file", lambda: m("OPTIONS"), both(st(200, 204), field("allow", ".*GET, HEAD.*")))
    C("ME-11", "9110 9.3.7", "SHOULD", "OPTIONS *, then another request", lambda: m("OPTIONS", "*") + canary(), lambda r: True if r.n == 2 and r.s() in (200, 204) and r.s(1) == 200 else "got " + r.got(), want=2, methods=["OPTIONS", "GET"])
    C("ME-12", "9110 9.3.7", "SHOULD", "OPTIONS with a body", lambda: B("OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") + canary(), lambda r: True if r.n == 2 and r.s() in (200, 204) and r.s(1) == 200 else "got " + r.got(), want=2)
    C("ME-13", "9110 15.6.2", "MUST", "501 is closed behind, and nothing else answered", lambda: m("FOO", extra="Content-Length: 5\r\n") + b"hello" + canary(), lambda r: True if r.s() == 501 and r.n == 1 and r.closed else "got " + r.got())
    C("ME-15", "9110 9.3.2", "MUST", "HEAD of something refused has no body", lambda: b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", lambda r: True if r.s() == 400 and r.raw.endswith(b"\r\n\r\n") and not r.junk else "got " + r.got(), methods=["HEAD"])
    C("ME-16", "9110 9.3.1", "MUST", "GET in HTTP/1.0", lambda: get(ver="HTTP/1.0"), both(OK, lambda r: body(G.full)(r)))


# ======================================================================= H. Expect
def sec_expect():
    E = "9110 10.1.1"
    p = lambda n, e="100-continue", path=None, **k: post("Content-Length: %d\r\nExpect: %s\r\n" % (n, e), path=path, **k)
    C("EX-02", E, "MUST", "the 100 comes before the body, the 200 behind it", lambda: [p(5), ("read1xx", 1), b"hello" + canary()], lambda r: True if r.n == 2 and [x.status for x in r.finals[0].interim] == [100] and r.finals[0].body == b"hello" else "got " + r.got(), want=2)
    C("EX-03", E, "MUST", "Expect is case-insensitive", lambda: [p(5, "100-Continue"), ("read1xx", 1), b"hello" + canary()], lambda r: True if r.n == 2 and [x.status for x in r.finals[0].interim] == [100] else "got " + r.got(), want=2)
    C("EX-05", E, "SHOULD", "unknown expectation: 417", lambda: get(extra="Expect: foo\r\n"), rej(417))
    each("EX-05", E, "SHOULD", "expectations that are not known: 417", ["200-ok", "100-continued", "x=y", "100 continue", "100-continue, x", "100-continue=x"], lambda v: get(extra="Expect: %s\r\n" % v), rej(417))
    each("EX-06", "9110 5.6.1", "MUST", "a list with empty members", ["100-continue,", ", 100-continue", "100-continue, ,100-continue", "100-continue\r\nExpect:"], lambda e: [p(5, e), ("read1xx", 1), b"hello" + canary()], lambda r: True if r.n == 2 and [x.status for x in r.finals[0].interim] == [100] and r.finals[0].body == b"hello" else "got " + r.got(), want=2)
    each("EX-06y", "9110 5.6.1", "MUST", "nothing is expected", ["", ","], lambda e: p(5, e) + b"hello" + canary(), framed("hello"), want=2)
    C("EX-07", E, "MUST", "to a file that takes no body: 405 and no 100", lambda: [p(500, path=G.path)], both(st(405), lambda r: True if not r.finals[0].interim and r.closed else "got " + r.got()))
    C("EX-08", E, "SHOULD", "too long: 413 and no 100", lambda: [p(1 << 40)], both(rej(413), lambda r: True if not r.finals[0].interim else "a 100"), sec=True)
    C("EX-10", E, "MUST", "chunked", lambda: [post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"), ("read1xx", 1), HELLO + canary()], lambda r: True if r.n == 2 and [x.status for x in r.finals[0].interim] == [100] and r.finals[0].body == b"hello" else "got " + r.got(), want=2)
    C("EX-11", E, "MUST", "without a body there is no 100", lambda: get(extra="Expect: 100-continue\r\n") + canary(), lambda r: True if r.n == 2 and not r.finals[0].interim else "got " + r.got(), want=2)
    C("EX-12", E, "MUST", "with an empty body there is no 100", lambda: p(0) + canary(), lambda r: True if r.n == 2 and not r.finals[0].interim else "got " + r.got(), want=2)
    C("EX-13", E, "MUST", "bad framing: 400 and no 100", lambda: [p(-5)], both(rej(400), lambda r: True if not r.finals[0].interim else "a 100"))
    C("EX-14", E, "MUST", "no body comes: the connection is not taken for a request", lambda: [p(5), ("read1xx", 1), ("shut",)], lambda r: True if r.closed and not any(200 <= x.status < 300 for x in r.finals) else "got " + r.got())
    C("EX-15", E, "MUST", "a 404 with Expect", lambda: [get("/no-such-xyz", extra="Content-Length: 9\r\nExpect: 100-continue\r\n")], both(st(404), lambda r: True if not r.finals[0].interim and r.closed else "got " + r.got()))
    C("EX-16", E, "MUST", "two in a row on a connection", lambda: [p(5), ("read1xx", 1), b"hello", ("read", 1), p(5), ("sleep", 0.2), b"world" + canary()], lambda r: True if r.n == 3 and [x.body for x in r.finals[:2]] == [b"hello", b"world"] else "got " + r.got(), want=3)


# ======================================================================= I. connections
def sec_conn():
    P = "9112 9.3"
    opens = lambda extra, ver="HTTP/1.1": (lambda: get(extra=extra, ver=ver) + get(extra=extra, ver=ver))
    C("CN-01", P, "MUST", "HTTP/1.1 keeps the connection", lambda: get() + get(), answers(200, 200, closed=False), want=2)
    each("CN-02", "9112 9.6", "MUST", "closes, and says so:", ["close", "Close", "CLOSE", "close, foo", "foo, close", "foo,close", " close ,bar", "keep-alive, close", "close, keep-alive", "keep-alive,close", "foo, bar, close", ",close", "close,", "\tclose", ", ,close, ,", "close\r\nConnection: keep-alive", "keep-alive\r\nConnection: close", "foo\r\nConnection: close", "close\r\nConnection: foo", "upgrade, close", "TE, close"], lambda v: get(extra="Connection: %s\r\n" % v) + get(), both(answers(200, closed=True), field("connection", "close")), idle=0.6)
    each("CN-03", "9112 9.6", "MUST", "does not close:", ["closed", "xclose", "close-not", "not-close", "clos", "keep-alive", "foo", "\"close\"", "close2", "", ",", "keep-alive, foo", "upgrade", "clo, se", "x-close, y", "keepalive", "close/1"], lambda v: get(extra="Connection: %s\r\n" % v) + get(), both(answers(200, 200, closed=False), field("connection", None)), want=2)
    C("CN-04", "9112 C.2.2", "SHOULD", "HTTP/1.0 with keep-alive is kept, and told so", opens("Connection: keep-alive\r\n", "HTTP/1.0"), both(answers(200, 200, closed=False), field("connection", "keep-alive")), want=2)
    each("CN-04", "9112 C.2.2", "SHOULD", "HTTP/1.0 is kept with", ["Keep-Alive", "foo, keep-alive", "keep-alive, foo", "KEEP-ALIVE"], lambda v: opens("Connection: %s\r\n" % v, "HTTP/1.0")(), answers(200, 200, closed=False), want=2)
    each("CN-06", "9112 9.3", "MUST", "HTTP/1.0 is closed with", ["close", "keep-alive, close", "close, keep-alive", "foo", "", "keep-alivex", "xkeep-alive", "keep alive"], lambda v: opens("Connection: %s\r\n" % v, "HTTP/1.0")(), both(answers(200, closed=True), field("connection", "close")), idle=0.6)
    C("CN-07", "9112 C.2.2", "SHOULD", "Proxy-Connection: close is another field", opens("Proxy-Connection: close\r\n"), answers(200, 200, closed=False), want=2)
    C("CN-08", "9112 C.2.2", "SHOULD", "Proxy-Connection: keep-alive is another field", opens("Proxy-Connection: keep-alive\r\n", "HTTP/1.0"), answers(200, closed=True), idle=0.6)
    C("CN-08b", "9112 C.2.2", "SHOULD", "Keep-Alive: alone keeps nothing", opens("Keep-Alive: timeout=5\r\n", "HTTP/1.0"), answers(200, closed=True), idle=0.6)
    C("CN-09", P, "MUST", "nothing is answered behind a close", lambda: get(extra="Connection: close\r\n") + smug() * 5, answers(200, closed=True))
    C("CN-10", "9112 9.3.2", "MUST", "50 pipelined requests, in order", lambda: b"".join(get("/no-such-%d" % i if i % 3 else G.path) for i in range(50)) + canary(), lambda r: True if [x.status for x in r.finals] == [404 if i % 3 else 200 for i in range(50)] + [200] else "got " + r.got(), want=51)
    C("CN-11", "9112 9.3.2", "MUST", "10,000 pipelined requests in one write", lambda: get() * 9999 + get(extra="Connection: close\r\n"), lambda r: True if r.n == 10000 and all(x.status == 200 and x.body == G.full for x in r.finals) and r.closed else "got " + r.got(), want=10000, wait=5, sec=True)
    C("CN-13", "9112 2.2", "SHOULD", "good, bad, good: 200, 400, close", lambda: get() + b"BAD\r\n\r\n" + get(), answers(200, 400, closed=True), want=2, sec=True)
    C("CN-13b", "9112 2.2", "SHOULD", "good, 501, good", lambda: get() + get(method="FOO") + get(), answers(200, 501, closed=True), want=2, sec=True)
    C("CN-13c", "9112 2.2", "SHOULD", "good, 505, good", lambda: get() + get(ver="HTTP/2.0") + get(), answers(200, 505, closed=True), want=2, sec=True)
    C("CN-13d", "9112 2.2", "SHOULD", "good, 417, good", lambda: get() + get(extra="Expect: x\r\n") + get(), answers(200, 417, closed=True), want=2, sec=True)
    C("CN-13e", "9112 2.2", "SHOULD", "large, bad, good: the large one is whole", lambda: get("/big.bin") + b"BAD\r\n\r\n" + get(), both(answers(200, 400, closed=True), lambda r: True if len(r.finals[0].body) == 1 << 20 else "cut"), want=2, sec=True, wait=3)
    C("CN-14", "9112 9.6", "SHOULD", "the answer to a bad request is not lost to a reset", lambda: b"BAD\r\n\r\n" + b"x" * 500000, both(rej(400), lambda r: True if r.closed != "rst" else "reset"), wait=3, sec=True)
    C("CN-16", "9112 9.6", "SHOULD", "half-close after pipelined requests: all answered", lambda: [get() * 10, ("shut",)], lambda r: True if r.n == 10 and r.closed else "got " + r.got(), want=10)
    C("CN-19", "9112 9.6", "SHOULD", "half-close amid a head: closed", lambda: [get()[:20], ("shut",)], lambda r: True if r.closed and not 200 <= r.s() < 300 else "got " + r.got())
    C("CN-20", "9110 7.8", "SHOULD", "Upgrade: h2c is ignored", lambda: get(extra="Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n") + canary(), answers(200, 200, closed=True), want=2, sec=True)
    each("CN-21", "9110 7.8", "SHOULD", "Upgrade is ignored:", ["websocket", "TLS/1.0", "foo/1, bar", "HTTP/2.0", ""], lambda v: get(extra="Connection: upgrade\r\nUpgrade: %s\r\n" % v) + canary(), answers(200, 200, closed=True), want=2)
    C("CN-22", "9110 7.8", "MUST", "Upgrade on POST: the body is read", lambda: post("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n", b"hello") + canary(), framed("hello"), want=2, sec=True)

    def halves(q, n, methods):
        """q cut at every position: the same answers as in one piece"""
        whole = X([q], methods=methods, want=n)
        plain = lambda r: [(x.status, [h for h in x.headers if h[0] != "date"], x.body) for x in r.finals]
        for i in range(1, len(q)):
            r = X([q[:i], ("sleep", 0.002), q[i:]], methods=methods, want=n, idle=0.0)
            if plain(r) != plain(whole):
                return "cut at %d: %s, not %s" % (i, r.got(), whole.got()), r
        return True, whole

    mixed = lambda: post("Transfer-Encoding: chunked\r\n", b"5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n") + b"\r\n" + get(method="HEAD") + post("Content-Length: 5\r\n", b"world") + b"BAD\r\n\r\n"
    how = ["POST", "HEAD", "POST", "GET"]
    F("CN-17b", P, "MUST", "chunked, HEAD, length and bad, cut at every position", serial=True)(lambda: halves(mixed(), 4, how))

    @F("CN-23", P, "MUST", "the same, octet by octet, and cut at random", serial=True)
    def pieces():
        q, rng = mixed(), random.Random(9112)
        whole = X([q], methods=how, want=4)
        plain = lambda r: [(x.status, [h for h in x.headers if h[0] != "date"], x.body) for x in r.finals]
        for n in [1] + [rng.randrange(2, 40) for _ in range(60)]:
            cuts = sorted(rng.sample(range(1, len(q)), min(n, len(q) - 1))) if n > 1 else range(1, len(q))
            parts, last = [], 0
            for c in cuts:
                parts += [q[last:c], ("sleep", 0.0005)]
                last = c
            r = X(parts + [q[last:]], methods=how, want=4, idle=0.0)
            if plain(r) != plain(whole):
                return "cuts %s: %s, not %s" % (list(cuts)[:9], r.got(), whole.got()), r
        return True, whole

    @F("CN-26", "robustness", "MUST", "random bytes for a request: never a 2xx, a 5xx or silence", sec=True)
    def noise():
        rng = random.Random(7)
        for _ in range(60):
            q = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 400))) + b"\r\n\r\n"
            r = X([q, ("shut",)], idle=1.0)
            if not r.closed or 200 <= r.s() < 300 or r.s() in (500, 502, 503):
                return "got %s for %r" % (r.got(), q[:80]), r
        return True, r

    @F("CN-27", "robustness", "MUST", "a valid request with one octet changed: answered or refused, and never a 5xx but 501 and 505", sec=True)
    def mutants():
        rng, q = random.Random(9), post("X-A: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n", HELLO)
        for i in range(len(q)):
            for c in rng.sample(range(256), 3):
                r = X([q[:i] + bytes([c]) + q[i + 1:], ("shut",)], idle=1.0)
                if not r.closed or r.junk or r.s() in (500, 502, 503) or r.n > 1:
                    return "got %s with %#x at %d" % (r.got(), c, i), r
        return True, r


# ======================================================================= J. responses, splitting
def sec_resp():
    C("RS-01", "9110 6.6.1", "MUST", "Date is a date of now", lambda: get(), lambda r: True if abs((email.utils.parsedate_to_datetime(r.finals[0].get("date")) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 3 else "Date " + str(r.finals[0].get("date")))
    refused = [b"BAD\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"FOO / HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 20000, b"GET / HTTP/1.1\r\nX: " + b"v" * 20000, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n"]
    for c, q in zip(letters(len(refused)), refused):
        C("RS-02" + c, "9110 6.6.1", "SHOULD", "a refusal has Date, Content-Type, Content-Length and Connection: close: %r" % q[:30], (lambda q=q: q), both(field("date", "[A-Z].*GMT"), field("content-type", "text/plain.*"), field("content-length", "[0-9]+"), field("connection", "close"), lambda r: True if r.closed else "open"), idle=4.0)
    for i, p in enumerate(["/%0d%0aX-Injected:%201", "/x%0d%0a%0d%0ainjected", "/%0aX-Injected:1", "/%0dX-Injected:1", "/x?%0d%0aX-Injected:1", "/%E5%98%8A%E5%98%8DX-Injected:1", "/sub%0d%0aX-Injected:1/", "/sub?%0aX-Injected:1"]):
        C("RS-04" + "abcdefgh"[i], "9112 11.1", "MUST", "no splitting: %s" % p, (lambda p=p: get(p)), lambda r: "injected" if r.n > 1 or any("x-injected" in dict(x.headers) for x in r.finals) else True, sec=True)
    D = "docroot"
    C("RS-09", "9110 15.4.2", "SHOULD", "a directory without its slash: 301 with one", lambda: get("/sub"), field("location", "/sub/", 301), needs=D)
    C("RS-10", "9110 15.4.2", "SHOULD", "the query is kept", lambda: get("/sub?a=b&c=%20d?e"), field("location", re.escape("/sub/?a=b&c=%20d?e"), 301), needs=D)
    C("RS-10b", "9110 15.4.2", "SHOULD", "an empty query is kept or dropped", lambda: get("/sub?"), field("location", r"/sub/\??", 301), needs=D)
    C("RS-10c", "9110 15.4.2", "SHOULD", "a query of 5,000 octets is not lost", lambda: get("/sub?" + "q" * 5000), either(field("location", r"/sub/\?q{5000}", 301), st(414)), needs=D)
    C("RS-10d", "9110 10.2.2", "SHOULD", "what is in the query stays a reference", lambda: get("/sub?\xff<\"\\^`{|}>"), field("location", r"/sub/\?[!-~]*", 301), needs=D, sec=True)
    each("RS-11", "9110 15.4.2", "SHOULD", "ways to the same directory: /sub/", ["/sub/deep/..//../sub", "/./sub", "//sub", "/%73ub", "/sub/../sub", "/sub/deep/../../sub"], lambda v: get(v), field("location", "/sub/", 301), needs=D, sec=True)
    C("RS-14", "9110 15.4.5", "MUST", "304 has no body, and the next answer is whole", lambda: get(extra="If-None-Match: *\r\n") + canary(), answers(304, 200, closed=True), want=2)
    C("RS-15", "9110 8.3", "SHOULD", "types of text have a charset", lambda: get(), field("content-type", "text/plain(; *charset=utf-8)?"), needs=D)
    C("RS-17", "9110 8.6", "MUST", "an empty file", lambda: get("/zero.txt") + canary(), both(answers(200, 200, closed=True), field("content-length", "0")), want=2, needs=D)
    C("RS-18", "9112 9.3.2", "MUST", "64 MB arrive whole", lambda: get("/huge.bin"), lambda r: True if r.n and len(r.finals[0].body) == 64 << 20 else "cut", needs=D, wait=5, limit=30)
    C("RS-19", "9110 5.1", "SHOULD", "no field tells versions", lambda: get(), lambda r: "tells" if any(n in ("x-powered-by",) for n, _ in r.finals[0].headers) else True)
    C("RS-20", "9110 15.4.5", "MUST", "304 has the ETag, and no Content-Type", lambda: get(extra="If-None-Match: *\r\n"), both(field("etag", '".*"', 304), field("content-type", None)))


# ======================================================================= K. ranges, conditional requests
def parts(*ranges):
    """206 multipart/byteranges of these parts, in any split that has the same octets; or 200"""
    def f(r):
        if r.s() == 200:
            return full200(r)
        x = r.finals[0]
        m = re.fullmatch(r"multipart/byteranges; *boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?", x.get("content-type") or "")
        if r.s() != 206 or not m or x.get("content-range"):
            return "got %d %s" % (r.s(), x.get("content-type"))
        pieces = x.body.split(b"--" + m.group(1).encode())
        if pieces[-1] not in (b"--\r\n", b"--"):
            return "no end"
        found = []
        for piece in pieces[1:-1]:
            head, _, data = piece.partition(b"\r\n\r\n")
            k = re.search(rb"(?i)content-range: bytes (\d+)-(\d+)/%d" % len(G.full), head)
            if not k or data != G.full[int(k.group(1)):int(k.group(2)) + 1] + b"\r\n":
                return "part %r" % piece[:80]
            found.append((int(k.group(1)), int(k.group(2))))
        return True if found == list(ranges) else "parts %s" % found
    return f


def sec_range():
    R, N = "9110 14.2", "static"
    q = lambda v, extra="": (lambda: get(extra="Range: %s\r\n%s" % (v() if callable(v) else v, extra)))
    one = [("bytes=0-0", 0, 0), ("bytes=0-9", 0, 9), ("bytes=99-99", 99, 99), ("bytes=99-", 99, 99), ("bytes=0-", 0, 99), ("bytes=-1", 99, 99), ("bytes=-100", 0, 99), ("bytes=-99", 1, 99), ("bytes=90-200", 90, 99), ("bytes=0-99", 0, 99), ("bytes=0-100", 0, 99), ("bytes=007-010", 7, 10), ("bytes= 1-2", 1, 2), ("bytes=1-2,", 1, 2), ("bytes=,1-2", 1, 2), ("bytes=1-2 ", 1, 2), ("bytes=1-2,500-600", 1, 2), ("bytes=500-600,1-2", 1, 2), ("bytes=0-4,5-9", 0, 9), ("bytes=0-5,3-9", 0, 9), ("bytes=5-9,0-4", 0, 9), ("bytes=1-2,1-2", 1, 2), ("BYTES=1-2", 1, 2), ("bytes=\t1-2", 1, 2)]
    for c, (v, a, b) in zip(letters(len(one)), one):
        C("RA-01" + c, R, "MUST", "one part: %r" % v, q(v), (lambda r, a=a, b=b: either(want_part(a, b), full200)(r)), needs=N)
    bad = ["bytes=", "bytes", "bytes=-", "bytes=a-b", "bytes=1-a", "bytes=5-2", "bytes=1", "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=1-2-3", "bytes=0x1-2", "bytes=1.0-2", "bytes:1-2", "bytes 1-2", "=1-2", "bytes=1-2,x", "bytes=x,1-2", "bytes=1 -2", "bytes=1- 2", "bytes =1-2", "bytes=1-2;3-4", "bytes=,", "bytes=,,", "none", "bytes=*", "bytes=5-2,1-2", "bytes=-0,5-2", "items=1-2", "byte=1-2", "bytess=1-2", "", "bytes=1-2\xff"]
    each("RA-02", R, "MUST", "not a range: all of it", bad, lambda v: q(v)(), lambda r: full200(r), needs=N)
    each("RA-04", "9110 15.5.17", "MUST", "unsatisfiable: 416 with the length", ["bytes=100-", "bytes=100-200", "bytes=1000-2000", "bytes=100-100", "bytes=-0", "bytes=200-,300-"], lambda v: q(v)(), lambda r: both(st(416), field("content-range", r"bytes \*/%d" % len(G.full)))(r), needs=N)
    C("RA-06", R, "SHOULD", "two parts", q("bytes=0-1,10-11"), parts((0, 1), (10, 11)), needs=N)
    C("RA-07", R, "SHOULD", "two parts, the last first", q("bytes=10-11,0-1"), either(parts((10, 11), (0, 1)), parts((0, 1), (10, 11))), needs=N)
    C("RA-08", R, "SHOULD", "three parts, a suffix among them", q("bytes=0-0,50-51,-2"), parts((0, 0), (50, 51), (98, 99)), needs=N)
    C("RA-10", "9110 14.2", "MUST", "1,000 overlapping ranges are no amplifier", q("bytes=" + ",".join("%d-" % i for i in range(1000))), lambda r: True if r.s() in (200, 206, 416) and len(r.raw) < 1000 else "%d bytes" % len(r.raw), needs=N, sec=True)
    C("RA-13", "9110 14.2", "MUST", "1,000 ranges of one octet are no amplifier", q("bytes=" + ",".join("%d-%d" % (i % 50 * 2, i % 50 * 2) for i in range(1000))), lambda r: True if r.s() in (200, 206) and len(r.raw) < 12000 else "%d bytes" % len(r.raw), needs=N, sec=True)
    C("RA-14", R, "MUST", "two Range lines: all of it, or one of them", lambda: get(extra="Range: bytes=0-1\r\nRange: bytes=5-6\r\n"), lambda r: either(full200, want_part(0, 1))(r), needs=N)
    C("RA-15", R, "MUST", "Range on POST is ignored", lambda: post("Range: bytes=0-1\r\nContent-Length: 5\r\n", b"hello"), both(st(200), body("hello")))
    C("RA-18", "9110 15.3.7", "MUST", "206 has the fields of 200", lambda: get() + get(extra="Range: bytes=0-1\r\n"), lambda r: True if r.n == 2 and all(r.finals[0].get(h) == r.finals[1].get(h) for h in ("etag", "last-modified", "content-type", "vary", "cache-control", "accept-ranges")) else "got " + r.got(), want=2, needs=N)
    C("RA-19", "9110 14.3", "SHOULD", "Accept-Ranges: bytes", lambda: get(), field("accept-ranges", "bytes"), needs=N)
    C("RA-20", "9110 13.1.5", "MUST", "If-Range with the ETag: 206", lambda: get(extra="Range: bytes=1-2\r\nIf-Range: %s\r\n" % G.etag), lambda r: want_part(1, 2)(r), needs="etag")
    each("RA-21", "9110 13.1.5", "MUST", "If-Range that does not match: all of it", ['"x"', "W/{e}", "*", "", "x", "Tue, 05 Mar 2024 06:07:07 GMT", "Tue, 05 Mar 2024 06:07:09 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "yesterday", "{e}, {e}", "{e} x", '"'], lambda v: get(extra="Range: bytes=1-2\r\nIf-Range: %s\r\n" % v.replace("{e}", G.etag)), lambda r: full200(r), needs="etag", sec=True)
    C("RA-23", "9110 13.1.5", "MUST", "If-Range without Range", lambda: get(extra="If-Range: \"x\"\r\n"), lambda r: full200(r), needs=N)
    C("RA-25", "9110 13.2.2", "MUST", "If-None-Match before Range: 304", lambda: get(extra="Range: bytes=0-1\r\nIf-None-Match: *\r\n"), st(304), needs=N)
    C("RA-26", "9110 13.2.2", "MUST", "If-Match before Range: 412", lambda: get(extra="Range: bytes=0-1\r\nIf-Match: \"x\"\r\n"), st(412), needs=N)
    C("RA-26b", "9110 13.2.2", "MUST", "If-Match before an unsatisfiable Range: 412", lambda: get(extra="Range: bytes=1000-\r\nIf-Match: \"x\"\r\n"), st(412), needs=N)
    C("RA-27", R, "MUST", "Range on what is not there: 404", lambda: get("/no-such-xyz", extra="Range: bytes=0-1\r\n"), st(404))
    C("RA-28", R, "MUST", "Range on a redirect: 301", lambda: get("/sub", extra="Range: bytes=0-1\r\n"), st(301), needs="docroot")
    C("RA-29", R, "MUST", "Range on a directory's page", lambda: get("/sub/", extra="Range: bytes=0-2\r\n"), both(st(206), body("sub")), needs="docroot")
    each("RA-30", R, "MUST", "empty file:", ["bytes=0-0", "bytes=-1", "bytes=0-", "bytes=1-"], lambda v: get("/zero.txt", extra="Range: %s\r\n" % v), both(st(200, 416), lambda r: True if r.s() == 416 and r.finals[0].get("content-range") == "bytes */0" or r.s() == 200 and not r.finals[0].body else "got " + r.got()), needs="docroot")
    C("RA-31", R, "MUST", "a part of a large file that is sent from the disk", lambda: get("/big.bin", extra="Range: bytes=1000000-1048575\r\n"), both(st(206), lambda r: True if r.finals[0].body == bytes((i * 7 + i // 251) & 255 for i in range(1000000, 1 << 20)) else "wrong octets"), needs="docroot", wait=3)
    C("RA-32", R, "MUST", "parts of a large file, pipelined", lambda: b"".join(get("/big.bin", extra="Range: bytes=%d-%d\r\n" % (i * 70000, i * 70000 + 69999)) for i in range(10)) + canary(), lambda r: True if [len(x.body) for x in r.finals[:10]] == [70000] * 10 and all(x.body[0] == (i * 70000 * 7 + i * 70000 // 251) & 255 for i, x in enumerate(r.finals[:10])) else "got " + r.got(), needs="docroot", want=11, wait=3)
    C("RA-33", "9110 15.5.17", "MUST", "416 keeps the connection", lambda: get(extra="Range: bytes=1000-\r\n") + canary(), answers(416, 200, closed=True), want=2, needs=N)


def sec_cond():
    shift = lambda s: email.utils.format_datetime(email.utils.parsedate_to_datetime(G.lm) + datetime.timedelta(seconds=s), usegmt=True)
    when = lambda s: email.utils.parsedate_to_datetime(G.lm) + datetime.timedelta(seconds=s)
    fill = lambda v: v.replace("{e}", G.etag).replace("{i}", G.etag.strip('"')).replace("{lm}", G.lm)
    ask = lambda fields, method="GET": get(extra=fill(fields), method=method)
    inm = [("{e}", 304), ("W/{e}", 304), ("*", 304), ('"x", {e}, "y"', 304), ('"x",{e}', 304), ('"x"', 200), ("{i}", 200), ('"x{i}"', 200), (' \t{e}\t ', 304), (',{e}', 304), ('"x",,{e}', 304), ('W/"x", W/{e}', 304), ('w/{e}', 200), ('"{i}', 200), ('{i}"', 200), ('', 200), ('"x"\r\nIf-None-Match: {e}', 304), ('"a,b", {e}', 304), ('"a\\", {e}', 304), ('"{i}x"', 200), ("'{i}'", 200), (' * ', 304), ('"*"', 200)]
    for c, (v, s) in zip(letters(len(inm)), inm):
        C("CO-02" + c, "9110 13.1.2", "MUST", "If-None-Match: %s: %d" % (v.replace("\r\n", " / "), s), (lambda v=v: ask("If-None-Match: %s\r\n" % v)), st(s), needs="etag")
    C("CO-03", "9110 13.1.2", "MUST", "1,000 tags, the last one matches", lambda: ask("If-None-Match: %s{e}\r\n" % ('"aaaaaaa",' * 1000)), st(304), needs="etag")
    C("CO-05", "9110 13.2.2", "MUST", "If-None-Match matches, If-Modified-Since is old: 304", lambda: get(extra="If-None-Match: %s\r\nIf-Modified-Since: %s\r\n" % (G.etag, shift(-3600))), st(304), needs="etag")
    C("CO-06", "9110 13.1.2", "MUST", "HEAD with If-None-Match: 304", lambda: ask("If-None-Match: {e}\r\n", "HEAD"), st(304), needs="etag", methods=["HEAD"])
    ims = [(0, 304), (1, 304), (3600, 304), (-1, 200), (-3600, 200)]
    for c, (s, wanted) in zip("abcde", ims):
        C("CO-07" + c, "9110 13.1.3", "MUST", "If-Modified-Since %+d s: %d" % (s, wanted), (lambda s=s: get(extra="If-Modified-Since: %s\r\n" % shift(s))), st(wanted), needs="lm")
    C("CO-08", "9110 13.1.3", "MUST", "If-Modified-Since in the far future: 304", lambda: get(extra="If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"), st(304), needs="lm")
    C("CO-09", "9110 5.6.7", "MUST", "a date of RFC 850: 304", lambda: get(extra="If-Modified-Since: %s\r\n" % when(0).strftime("%A, %d-%b-%y %H:%M:%S GMT")), st(304), needs="lm")
    C("CO-10", "9110 5.6.7", "MUST", "a date of asctime: 304", lambda: get(extra="If-Modified-Since: %s%2d%s\r\n" % (when(0).strftime("%a %b "), when(0).day, when(0).strftime(" %H:%M:%S %Y"))), st(304), needs="lm")
    bad = ["", "x", "0", "Tue, 05 Mar 2024", "2024-03-05T06:07:08Z", "Tue, 05 Mar 2024 06:07:08", "Tue, 05 Mar 2024 06:07:08 UTC+1", "Tue, 35 Mar 2024 06:07:08 GMT", "Tue, 05 Foo 2024 06:07:08 GMT", "Tue, 05 Mar 2024 25:07:08 GMT", "Tue, 05 Mar 2024 06:61:08 GMT", "{lm}, {lm}", "{lm} x", "Tue, 05 Mar 99999 06:07:08 GMT", "-1", "99999999999999999999", "Tue, 30 Feb 2024 06:07:08 GMT", "{lm}\r\nIf-Modified-Since: {lm}"]
    each("CO-11", "9110 13.1.3", "MUST", "no date: ignored, 200:", bad, lambda v: ask("If-Modified-Since: %s\r\n" % v), st(200), needs="lm")
    C("CO-12", "9110 13.1.3", "MUST", "If-Modified-Since on POST is ignored", lambda: post("If-Modified-Since: %s\r\nContent-Length: 2\r\n" % shift(10), b"hi"), both(st(200), body("hi")))
    im = [("{e}", 200), ("*", 200), ('"x"', 412), ("W/{e}", 412), ('"x", {e}', 200), ("{i}", 412), ("", 412), ('"x"\r\nIf-Match: {e}', 200), ('"x", W/{e}', 412), (", {e}", 200)]
    for c, (v, s) in zip(letters(len(im)), im):
        C("CO-13" + c, "9110 13.1.1", "MUST", "If-Match: %s: %d" % (v.replace("\r\n", " / "), s), (lambda v=v: ask("If-Match: %s\r\n" % v)), st(s), needs="etag")
    C("CO-14", "9110 13.2.2", "MUST", "If-Match matches, If-Unmodified-Since does not: 200", lambda: get(extra="If-Match: %s\r\nIf-Unmodified-Since: %s\r\n" % (G.etag, shift(-3600))), st(200), needs="etag")
    C("CO-15", "9110 13.2.2", "MUST", "If-Match does not match, If-None-Match does: 412", lambda: get(extra="If-Match: \"x\"\r\nIf-None-Match: %s\r\n" % G.etag), st(412), needs="etag")
    C("CO-16", "9110 13.1.4", "MUST", "If-Unmodified-Since, the same: 200", lambda: get(extra="If-Unmodified-Since: %s\r\n" % G.lm), st(200), needs="lm")
    C("CO-18", "9110 13.1.4", "MUST", "If-Unmodified-Since, no date: 200", lambda: get(extra="If-Unmodified-Since: x\r\n"), st(200), needs="lm")
    C("CO-19", "9110 13.2.2", "MUST", "If-Unmodified-Since holds, If-Modified-Since says no: 304", lambda: get(extra="If-Unmodified-Since: %s\r\nIf-Modified-Since: %s\r\n" % (G.lm, G.lm)), st(304), needs="lm")
    C("CO-21", "9110 13.2.1", "MUST", "condition on a redirect: 301", lambda: get("/sub", extra="If-None-Match: *\r\n"), st(301), needs="docroot")
    C("CO-21b", "9110 13.2.1", "MUST", "If-Match on what is not there: 404 or 412", lambda: get("/no-such-xyz", extra="If-Match: *\r\n"), st(404, 412))
    C("CO-22", "9110 8.8.2", "SHOULD", "Last-Modified is a date, and not after Date", lambda: get("/zero.txt"), lambda r: True if r.n and email.utils.parsedate_to_datetime(r.finals[0].get("last-modified")) <= email.utils.parsedate_to_datetime(r.finals[0].get("date")) else "Last-Modified %s" % r.finals[0].get("last-modified"), needs="docroot")
    C("CO-23", "9110 15.4.5", "MUST", "304 has what 200 has of ETag, Cache-Control, Vary", lambda: get() + get(extra="If-None-Match: *\r\n"), lambda r: True if r.n == 2 and all(r.finals[0].get(h) == r.finals[1].get(h) for h in ("etag", "cache-control", "vary", "expires", "content-location")) else "got " + r.got(), want=2)
    C("CO-24", "9110 13.1.2", "MUST", "304 to a range", lambda: get(extra="If-None-Match: %s\r\nRange: bytes=0-0\r\n" % G.etag), st(304), needs="etag")
    C("CO-25", "9110 13.1", "MUST", "412 keeps the connection", lambda: get(extra="If-Match: \"x\"\r\n") + canary(), answers(412, 200, closed=True), want=2)
    C("CO-26", "9110 8.8.3", "SHOULD", "two files, two tags", lambda: get() + get("/big.bin") + canary(), lambda r: True if r.finals[0].get("etag") != r.finals[1].get("etag") else "the same", want=3, needs="docroot", wait=3)


# ======================================================================= L. paths
def sec_paths():
    D = "docroot"
    leak = lambda r: "LEAK" if re.search(rb"root:[^:\n]*:0:0:|OUTSIDE-DOCROOT-SECRET", r.raw) else (True if r.n or r.closed else "no response")
    each("PA-02", "files", "MUST", "no way out:", ["/symlink-out", "/./symlink-out", "/sub/../symlink-out", "/symlink-out/", "/symlink-out/x", "/%73ymlink-out", "/loop", "/loop/", "/loop/x", "/sub/%2e%2e/%2e%2e/www-outside-secret.txt", "/%2e%2e;/www-outside-secret.txt", "/..%2e/x", "/sub/...//..//../www-outside-secret.txt", "/%2E%2E/www-outside-secret.txt", "/.%2E/www-outside-secret.txt", "/sub/.%2e/.%2e/www-outside-secret.txt", "/..%5Cwww-outside-secret.txt", "/%5c..%5c..%5cetc", "/~root/", "/C:/", "/file:///etc/passwd", "/etc/passwd", "/%2fetc%2fpasswd", "/.%00./x", "/%ff%2e%2e/"], lambda v: get(v), both(not2xx, leak), sec=True)
    each("PA-03", "files", "SHOULD", "404, not 5xx:", ["/symlink-out", "/loop", "/fifo", "/fifo/", "/hello.txt/", "/hello.txt/x", "/%2f", "/sub%2f", "/a/b/c/d/e", "/" + "a" * 255, "/" + "a" * 256, "/" + "a/" * 2500, "/\xff", "/%ff%fe", "/%01", "/%0a", "/%7f", "/~", "/*", "/'", "/%22", "/sub/nothing", "/hello.txt%20", "/hello.txt.", "/HELLO.TXT", "/hello.txt;x=y", "/hello.txt%3b"], lambda v: get(v), st(404), needs=D)
    each("PA-04", "files", "SHOULD", "a dot file is not there:", ["/.hidden", "/./.hidden", "/%2ehidden", "/sub/../.hidden", "/.git/config", "/sub/.x/../index.html", "/.hidden/"], lambda v: get(v), st(404, 403), needs=D, sec=True)
    each("PA-05", "3986 6.2.2", "SHOULD", "ways to the same file", ["/hello.txt", "/./hello.txt", "//hello.txt", "/sub/../hello.txt", "/%68ello.txt", "/%68%65%6c%6c%6f%2e%74%78%74", "/sub/deep/../../hello.txt", "/hello%2Etxt", "/../hello.txt", "/sub//..//hello.txt", "/x/../hello.txt"], lambda v: get(v), lambda r: either(full200, st(400, 404))(r), needs=D)
    C("PA-06", "3986 2.4", "MUST", "+ is a plus, not a space", lambda: get("/a+b.txt"), body("plus\n"), needs=D)
    C("PA-08", "3986 2.4", "MUST", "%2b is a plus", lambda: get("/a%2bb.txt"), body("plus\n"), needs=D)
    C("PA-10", "files", "MUST", "the root's page", lambda: get("/"), both(OK, field("content-type", "text/html.*")), needs=D)
    C("PA-11", "files", "MUST", "a directory's page", lambda: get("/sub/"), body("sub index\n"), needs=D)
    C("PA-13", "files", "SHOULD", "a directory without a page", lambda: get("/empty/"), st(403, 404), needs=D)
    C("PA-13b", "files", "SHOULD", "a directory without a page and slash", lambda: get("/empty"), st(301, 403, 404), needs=D)
    C("PA-14", "files", "MUST", "deep file", lambda: get("/sub/deep/f.txt"), body("deep file\n"), needs=D)
    C("PA-18", "3986 2.4", "MUST", "%23 is no fragment", lambda: get(G.path + "%23x"), st(404), needs=D)
    C("PA-22", "files", "MUST", "slashes without end", lambda: get("/" * 5000 + "hello.txt"), either(lambda r: full200(r), st(400, 404, 414)), needs=D)
    C("PA-23", "files", "MUST", "dots without end", lambda: get("/." * 3000 + "/hello.txt"), either(lambda r: full200(r), st(400, 404, 414)), needs=D)
    C("PA-25", "files", "MUST", "up and down without end", lambda: get("/sub/.." * 1000 + "/hello.txt"), either(lambda r: full200(r), st(400, 404, 414)), needs=D)
    C("PA-26", "files", "MUST", "%2e without end", lambda: get("/%2e%2e" * 1000 + "/etc/passwd"), both(not2xx, leak), needs=D, sec=True)


SECTIONS = (sec_request_line, sec_target, sec_host, sec_fields, sec_cl, sec_te, sec_methods, sec_expect, sec_conn, sec_resp, sec_range, sec_cond, sec_paths)

if __name__ == "__main__":
    main(SECTIONS)
