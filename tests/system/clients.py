# SPDX-License-Identifier: MIT
"""clients - the other end of the sockets: HTTP, the control socket, and load that counts what it was given."""

import json
import select
import socket
import threading
from collections import namedtuple

from waiting import DEADLINE

Answer = namedtuple("Answer", "status headers body")


def connect(address):
    """A socket to (host, port), or to a path."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=DEADLINE)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE)
    connection.connect(address)
    return connection


class Client:
    """One connection. Every wait ends at the deadline with TimeoutError."""

    def __init__(self, address):
        self.socket = connect(address)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, path="/", method="GET", version="1.1", *headers):
        lines = [f"{method} {path} HTTP/{version}", "Host: test", *headers, "", ""]
        self.send("\r\n".join(lines).encode())

    def answer(self, has_body=True):
        """The next HTTP answer; ConnectionError when the server closed instead."""
        line = self.reader.readline()
        if not line:
            raise ConnectionError("closed instead of an answer")
        headers = {}
        for field in iter(self.reader.readline, b"\r\n"):
            if not field:
                raise ConnectionError("closed within a header")
            name, _, value = field.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if has_body else 0
        body = self.reader.read(length)
        if len(body) < length:
            raise ConnectionError("closed within a body")
        return Answer(int(line.split()[1]), headers, body)

    def get(self, path="/"):
        self.ask(path)
        return self.answer()

    def echoes(self, data):
        self.send(data)
        return self.reader.read(len(data)) == data

    def has_input(self):
        """Is there something to read, or the end, right now?"""
        return bool(select.select([self.socket], [], [], 0)[0])

    def is_closed(self):
        """Wait for what comes next: is it the end of the connection?"""
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True


class Control(Client):
    """The control socket."""

    def text(self, line):
        """The reply to a line of text, without the empty line that ends it."""
        self.send(line.encode() + b"\n")
        reply = list(iter(self.reader.readline, b"\n"))
        assert b"" not in reply[-1:], "the reply did not end with an empty line"
        return b"".join(reply).decode()

    def json(self, **request):
        self.send(json.dumps(request).encode() + b"\n")
        return json.loads(self.reader.readline())

    def data(self, command, **arguments):
        reply = self.json(command=command, **arguments)
        assert reply["ok"], reply
        return reply["data"]


class Load:
    """Clients in threads that ask again and again until the block ends, and count what they got.

    With keep_alive a connection serves until it breaks; otherwise each request has its own.
    """

    def __init__(self, address, clients=8, keep_alive=True, path="/"):
        self.address, self.keep_alive, self.path = address, keep_alive, path
        self.answered = [0] * clients
        self.broken = [[] for _ in range(clients)]
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def run(self, i):
        while not self.is_over.is_set():
            try:
                with Client(self.address) as client:
                    self.converse(i, client)
            except OSError as error:
                self.broken[i].append(repr(error))

    def converse(self, i, client):
        """Only a request of which nothing is heard, or not all, is broken; a close between two is not."""
        while not self.is_over.is_set():
            client.ask(self.path, "GET", "1.1", *([] if self.keep_alive else ["Connection: close"]))
            answer = client.answer()
            assert answer.status == 200
            self.answered[i] += 1
            if not self.keep_alive or answer.headers.get("connection") == "close":
                return

    def total(self):
        return sum(self.answered)

    def failures(self):
        return [error for errors in self.broken for error in errors]
