# SPDX-License-Identifier: MIT
"""What a case is made of: the request it sends, and the outcomes it accepts."""
from http_exchange import exchange

CASES = []
REJ = {400, 411, 413, 414, 417, 431, 501, 505}          # "the server saw that this request is wrong"
NOT_METHOD = {400, 403, 404, 405, 501}


class Case:
    def __init__(self, id, rfc, level, desc, fn, sec=False, needs=None, serial=False):
        self.id, self.rfc, self.level, self.desc, self.fn = id, rfc, level, desc, fn
        self.sec, self.needs, self.serial = sec, needs, serial


class G:                                                # run-time globals, set in main
    t = None; host = "localhost"; path = "/"; post = "/"; echo = False; docroot = False; static = False
    full = b""; etag = None; lm = None; dir = "/sub"; scale = 1.0; base = None


def B(s):
    return s if isinstance(s, bytes) else s.encode("latin1")


def get(path=None, extra="", ver="HTTP/1.1", host=True, method="GET"):
    return B("%s %s %s\r\n%s" % (method, path or G.path, ver, "Host: %s\r\n" % G.host if host else "")) + B(extra) + b"\r\n"


def post(extra, body=b"", path=None, ver="HTTP/1.1", method="POST"):
    return B("%s %s %s\r\nHost: %s\r\n" % (method, path or G.post, ver, G.host)) + B(extra) + b"\r\n" + B(body)


def canary():
    return get(extra="X-Canary: 1\r\nConnection: close\r\n")


def smug():
    return get("/__smuggled__")


# ---------------------------------------------------------------- outcome checks: Result -> True | False | "reason it failed"
def OK(r):
    return True if 200 <= r.s() < 300 else "wanted 2xx"


def st(*codes):
    def f(r):
        return True if r.s() in codes else "wanted %s" % (codes,)
    return f


def rej(*codes, close_ok=True):
    """rejected with one of codes (default: any of REJ), nothing served after it"""
    cs = set(codes) or REJ

    def f(r):
        if r.n == 0 and r.closed and not r.junk:
            return True if close_ok else "closed without a response"
        if r.n == 0:
            return "no response" + (" (still open)" if not r.closed else " but junk")
        if r.s() not in cs:
            return "answered %d, wanted %s" % (r.s(), sorted(cs))
        if r.n > 1:
            return "a second response after the rejection (%d)" % r.s(1)
        return True
    return f


def either(*fs):
    def f(r):
        why = []
        for x in fs:
            y = x(r)
            if y is True:
                return True
            why.append(str(y))
        return " / ".join(why)
    return f


def not2xx(r):
    return True if not (200 <= r.s() < 300) else "answered %d" % r.s()


def framed(body=None):
    """body was consumed with this framing: the request after it is answered (or the connection closed, with no rejection)"""
    def f(r):
        if r.n == 0:
            return "no response"
        if r.s() in REJ or r.s() >= 500:
            return "rejected with %d" % r.s()
        if body is not None and G.echo and r.s() == 200 and r.finals[0].body != B(body):
            return "body seen as %r" % r.finals[0].body[:60]
        if r.n == 2:
            return True if 200 <= r.s(1) < 300 else "request after the body answered %d" % r.s(1)
        if r.n == 1 and r.closed:
            return True
        return "%d responses, %s" % (r.n, r.closed or "open")
    return f


def badframe(open_ok=False, early_ok=True):
    """bad framing: refused, connection not reused (RFC 9112 6.3: 400 then close). A 4xx decided before the body is fine."""
    def f(r):
        if r.n >= 2:
            return ("accepted: " if r.n == 2 and 200 <= r.s(1) < 300 else "DESYNC: ") + r.got()
        if r.n == 1:
            if 200 <= r.s() < 300:
                return "body accepted (%d)" % r.s()
            if r.s() >= 500 and r.s() not in (501, 505):
                return "answered %d" % r.s()
            if not r.closed and not open_ok:
                return "answered %d and left the connection open" % r.s()
            return True
        if r.closed or open_ok:
            return True
        return "no response, still open"
    return f


def C(id, rfc, level, desc, make, check=None, sec=False, needs=None, serial=False, **kw):
    """make() -> bytes or list of parts; check(Result)"""
    def fn():
        p = make()
        r = exchange(G.t, p if isinstance(p, list) else [p], scale=G.scale, **kw)
        v = check(r) if check else True
        return v, r
    CASES.append(Case(id, rfc, level, desc, fn, sec, needs, serial))


def F(id, rfc, level, desc, sec=False, needs=None, serial=False):
    def deco(fn):
        CASES.append(Case(id, rfc, level, desc, fn, sec, needs, serial))
        return fn
    return deco


def X(p, **kw):
    return exchange(G.t, p if isinstance(p, list) else [p], scale=G.scale, **kw)


def chunk(s):
    return b"%x\r\n" % len(s) + s + b"\r\n"


HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def rng(v, extra="", **kw):
    return X(get(extra="Range: %s\r\n%s" % (v, extra)), **kw)


def want_part(a, b):
    """206 with exactly bytes a..b, or 200 in full (Range may be ignored: noted)"""
    def f(r):
        if not r.n:
            return "no response"
        x, n = r.finals[0], len(G.full)
        if x.status == 200:
            return True if x.body == G.full and G.noranges else "200 although ranges are supported"
        if x.status != 206:
            return "got %d" % x.status
        cr = x.get("content-range") or ""
        if cr.replace(" ", "").lower() != ("bytes%d-%d/%d" % (a, b, n)):
            return "Content-Range %r" % cr
        return True if x.body == G.full[a:b + 1] else "wrong bytes"
    return f


def full200(r):
    return True if r.s() == 200 and r.finals[0].body == G.full else "got " + r.got()
