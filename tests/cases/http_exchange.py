# SPDX-License-Identifier: MIT
"""Raw-socket HTTP/1.x exchange and a strict response parser (stdlib only).
Written for this project's test material from RFC 9110 / RFC 9112; nothing copied."""
import re, select, socket, ssl, struct, time

TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
STATUS = re.compile(rb"^HTTP/(1\.[01]) ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$")
BADVAL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
IMF = re.compile(r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$")
SINGLE = ("date", "content-length", "content-type", "etag", "last-modified", "location", "content-range", "server", "retry-after")


class Resp:
    __slots__ = ("ver", "status", "reason", "headers", "body", "framing", "complete", "viol", "interim", "head_bytes")

    def __init__(self):
        self.headers, self.viol, self.interim, self.body = [], [], [], b""
        self.framing, self.complete = None, False

    def get(self, name, default=None):
        v = [x for n, x in self.headers if n == name.lower()]
        return ", ".join(v) if v else default

    def all(self, name):
        return [x for n, x in self.headers if n == name.lower()]

    def conn(self):
        return [t.strip().lower() for t in (self.get("connection") or "").split(",") if t.strip()]


def _head(block):
    """Parse a head block (without the final empty line)."""
    r = Resp()
    r.head_bytes = block
    if re.search(rb"(?<!\r)\n", block) or re.search(rb"\r(?!\n)", block):
        r.viol.append("bare CR or LF in the response head")
    lines = block.split(b"\r\n") if b"\r\n" in block else block.split(b"\n")
    m = STATUS.match(lines[0])
    if not m:
        r.viol.append("status line syntax: %r" % lines[0][:60])
        m2 = re.match(rb"HTTP/(\d\.\d) +(\d\d\d)", lines[0])
        if not m2:
            return None
        r.ver, r.status, r.reason = m2.group(1).decode(), int(m2.group(2)), b""
    else:
        r.ver, r.status, r.reason = m.group(1).decode(), int(m.group(2)), m.group(3)
    for ln in lines[1:]:
        n, c, v = ln.partition(b":")
        if not c or not TOKEN.match(n):
            r.viol.append("header line syntax: %r" % ln[:60])
            continue
        v = v.strip(b" \t")
        if BADVAL.search(v):
            r.viol.append("control character in header value: %r" % ln[:60])
        r.headers.append((n.decode("latin1").lower(), v.decode("latin1")))
    for s in SINGLE:
        if len(r.all(s)) > 1:
            r.viol.append("duplicate %s" % s)
    cl, te = r.all("content-length"), r.get("transfer-encoding")
    if cl and te:
        r.viol.append("both Content-Length and Transfer-Encoding")
    if cl and not re.match(r"^[0-9]+$", cl[0]):
        r.viol.append("Content-Length not 1*DIGIT: %r" % cl[0])
    if (r.status < 200 or r.status == 204) and (cl or te):
        r.viol.append("%d with Content-Length/Transfer-Encoding" % r.status)
    return r


def _chunked(buf, p):
    """Strict chunked decoding from offset p: (body, end, error); end None when incomplete."""
    out = []
    while True:
        e = buf.find(b"\r\n", p)
        if e < 0:
            return b"".join(out), None, None
        m = re.match(rb"^([0-9A-Fa-f]+)(;.*)?$", bytes(buf[p:e]))
        if not m:
            return b"".join(out), None, "chunk size line %r" % bytes(buf[p:e][:40])
        n, p = int(m.group(1), 16), e + 2
        if n == 0:
            while True:                       # trailers
                e = buf.find(b"\r\n", p)
                if e < 0:
                    return b"".join(out), None, None
                if e == p:
                    return b"".join(out), e + 2, None
                p = e + 2
        if len(buf) < p + n + 2:
            return b"".join(out), None, None
        out.append(bytes(buf[p:p + n]))
        if buf[p + n:p + n + 2] != b"\r\n":
            return b"".join(out), None, "chunk data not followed by CRLF"
        p += n + 2


def parse(buf, methods, eof, hint=None):
    """Parse a response stream. Returns (finals, offset of the first byte not consumed, junk?).
    hint["need"]: with fewer bytes than this there is nothing new to see (a body of known length is under way)."""
    finals, p, interim = [], 0, []
    if hint is not None:
        hint["need"] = 0
    while p < len(buf):
        if not b"HTTP/".startswith(bytes(buf[p:p + 5])) and bytes(buf[p:p + 5]) != b"HTTP/":
            return finals, p, True
        e = buf.find(b"\r\n\r\n", p)
        k = 4
        if e < 0:
            e2 = buf.find(b"\n\n", p)
            if e2 < 0:
                return finals, p, False
            e, k = e2, 2
        r = _head(bytes(buf[p:e]))
        if r is None:
            return finals, p, True
        q = e + k
        if 100 <= r.status < 200 and r.status != 101:
            interim.append(r)
            p = q
            continue
        method = methods[len(finals)] if len(finals) < len(methods) else "GET"
        r.interim, interim = interim, []
        te, cl = r.get("transfer-encoding"), r.get("content-length")
        if r.status == 101:
            r.framing, r.complete, r.body = "upgrade", True, bytes(buf[q:])
            q = len(buf)
        elif method == "HEAD" or r.status in (204, 304) or (method == "CONNECT" and r.status < 300):
            r.framing, r.complete = "none", True
        elif te is not None:
            r.framing = "chunked"
            if te.lower().replace(" ", "") != "chunked":
                r.viol.append("odd Transfer-Encoding in response: %r" % te)
            body, end, err = _chunked(buf, q)
            r.body = body
            if err:
                r.viol.append("response chunked framing: " + err)
                finals.append(r)
                return finals, len(buf), False
            if end is None:
                if eof:
                    r.viol.append("response truncated (chunked, no last chunk)")
                finals.append(r)
                return finals, len(buf), False
            r.complete, q = True, end
        elif cl is not None and re.match(r"^[0-9]+$", cl):
            n = int(cl)
            r.framing = "length"
            if len(buf) - q < n:
                if hint is not None:
                    hint["need"] = q + n
                else:
                    r.body = bytes(buf[q:])
                if eof:
                    r.viol.append("response truncated (%d of %d bytes)" % (len(r.body), n))
                finals.append(r)
                return finals, len(buf), False
            r.body, r.complete, q = bytes(buf[q:q + n]), True, q + n
        else:
            r.framing, r.body, r.complete = "close", bytes(buf[q:]), eof
            q = len(buf)
        finals.append(r)
        p = q
    return finals, p, False


class Result:
    def __init__(self):
        self.sent, self.raw, self.closed, self.finals, self.junk = b"", b"", None, [], b""
        self.half, self.elapsed, self.t_first, self.send_error, self.pending_interim = False, 0.0, None, None, 0

    @property
    def n(self):
        return len(self.finals)

    def s(self, i=0):
        return self.finals[i].status if i < len(self.finals) else 0

    @property
    def h2(self):                               # answered with an HTTP/2 SETTINGS or GOAWAY frame
        return len(self.raw) >= 9 and self.raw[3] in (4, 7) and self.raw[0:1] == b"\0" and not self.raw.startswith(b"HTTP/")

    def got(self):
        """Compact behaviour: statuses, then what happened to the connection."""
        st = []
        for r in self.finals:
            st.append("+".join([str(i.status) for i in r.interim] + [str(r.status) + ("" if r.complete else "~")]))
        if self.pending_interim:
            st.append("%d*1xx" % self.pending_interim)
        if self.h2:
            st.append("h2")
        elif self.junk:
            st.append("JUNK")
        end = {None: "open", "fin": "close", "rst": "reset"}[self.closed]
        return (",".join(st) if len(st) < 12 else "%s,..x%d" % (",".join(st[:4]), len(st)) if st else "-") + " " + end


class Target:
    def __init__(self, host, port, tls=False, sni=None, idle=0.25, wait=1.5):
        self.host, self.port, self.tls, self.sni, self.idle, self.wait = host, port, tls, sni, idle, wait

    def connect(self, rcvbuf=None):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.settimeout(5)
        s.connect((self.host, self.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            c.set_alpn_protocols(["http/1.1"])
            s = c.wrap_socket(s, server_hostname=self.sni or "localhost")
        s.setblocking(False)
        return s


def rst(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def exchange(t, parts, methods=None, want=1, idle=None, wait=None, limit=20.0, maxbytes=80 << 20, scale=1.0):
    """parts: bytes to send | ('sleep', s) | ('read', k): until k final responses or a 1xx | ('shut',) half-close | ('rst',).
    Then reads until closed, or `idle` s of silence after `want` final responses, or `wait` s of silence without them."""
    idle = (idle if idle is not None else t.idle) * scale
    wait = (wait if wait is not None else t.wait) * scale
    res, rx, closed = Result(), bytearray(), None
    t0 = time.monotonic()
    first = b"".join(x for x in parts if isinstance(x, (bytes, bytearray)))
    res.sent = bytes(first[:200000])
    if methods is None:
        m = re.match(rb"[\r\n]*([A-Z]+) ", first[:64])
        methods = [m.group(1).decode() if m else "GET"]
    s = t.connect()
    state, hint = {"n": 0, "seen": 0, "interim": 0}, {"need": 0}

    def reparse(quiet=0.0):
        k = len(rx)
        if k == state["seen"] or k < hint["need"] or (k > 70000 and k < state["seen"] * 1.5 and quiet < 0.03 and not hint["need"]):
            return
        state["seen"] = k
        f, p, junk = parse(rx, methods, False, hint)
        state["n"] = sum(1 for r in f if r.complete)
        state["interim"] = bytes(rx[:4000]).count(b"HTTP/1.1 1")

    def pump(out, until, silence, hard):
        """send out; read; stop when until() after everything is sent, on silence or close"""
        nonlocal closed
        view, last = memoryview(out), time.monotonic()
        end = time.monotonic() + hard
        while True:
            now = time.monotonic()
            if closed and (not view or closed):
                return
            if not view and until():
                return
            lim = silence(now - last) if not view else 5.0
            if (now - last >= lim and not (lim == 0.05 and now - last < 0.06)) or now >= end:
                return
            w = [s] if view else []
            pend = t.tls and s.pending()
            rr, ww, _ = select.select([s], w, [], 0 if pend else max(0.001, min(lim - (now - last), end - now)))
            if rr or pend:
                try:
                    d = s.recv(65536)
                    if not d:
                        closed = "fin"
                    else:
                        if res.t_first is None:
                            res.t_first = time.monotonic() - t0
                        rx.extend(d)
                        last = time.monotonic()
                        if len(rx) > maxbytes:
                            return
                        reparse()
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except (ConnectionResetError, BrokenPipeError, ssl.SSLError, OSError):
                    closed = "rst"
            if ww and view and not closed:
                try:
                    k = s.send(view[:65536])
                    view = view[k:]
                    last = time.monotonic()
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except (ConnectionResetError, BrokenPipeError, OSError) as e:
                    res.send_error = type(e).__name__
                    view = view[len(view):]
                    # what the server sent before it closed may still be readable
    try:
        aborted = False
        for x in parts:
            if closed:
                break
            if isinstance(x, (bytes, bytearray)):
                pump(x, lambda: True, lambda q: 5.0, limit)
            elif x[0] == "sleep":
                pump(b"", lambda: False, lambda q, x=x: x[1], x[1])
            elif x[0] == "read":
                def upto(k=x[1]):
                    reparse()
                    return state["n"] >= k
                pump(b"", upto, lambda q: wait, limit)
            elif x[0] == "read1xx":
                def up1():
                    reparse()
                    return state["n"] >= 1 or state["interim"] >= 1
                pump(b"", up1, lambda q: wait, limit)
            elif x[0] == "shut":
                try:
                    s.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                res.half = True
            elif x[0] == "rst":
                rst(s)
                aborted = True
                break
        if not aborted and not closed:
            def silence(quiet):
                reparse(quiet)
                if len(rx) != state["seen"] and len(rx) >= hint["need"]:
                    return 0.05                     # wake up soon to parse what is there
                return idle if state["n"] >= want else wait
            pump(b"", lambda: False, silence, limit)
    finally:
        try:
            s.close()
        except OSError:
            pass
    res.raw, res.closed, res.elapsed = bytes(rx), closed, time.monotonic() - t0
    f, p, junk = parse(rx, methods, closed is not None)
    res.finals = f
    if junk:
        res.junk = bytes(rx[p:p + 400])
    if not f:
        res.pending_interim = len(re.findall(rb"^HTTP/1\.1 1\d\d ", res.raw[:4000], re.M))
    return res
