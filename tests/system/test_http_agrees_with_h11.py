# SPDX-License-Identifier: MIT
"""Two readings of one request are how requests are smuggled: what we serve, h11 reads the same way."""

import h11
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

CANARY = b"GET /ticks HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n"
TROUBLE = [bytes([octet]) for octet in b"\r\n\t :;,\x00\x0b05aAxX-"]

names = st.sampled_from(["X-A", "x-b", "Accept", "Cookie", "X-Content-Length"])
values = st.text("abc019 ,;=\"\t:", max_size=20).map(str.strip)
bodies = st.binary(max_size=300)
pieces = st.lists(st.binary(min_size=1, max_size=80), max_size=8)


@pytest.fixture(name="server", scope="module")
def server_fixture(tmp_path_factory):
    from server import Server

    server = Server(tmp_path_factory.mktemp("h11"), {"web": {"app": "demo"}}).ready()
    yield server
    server.stop()
    server.clean_up()


@st.composite
def messages(draw):
    """A request as h11 writes it, and its body."""
    chunks = draw(pieces)
    fields = [("Host", "x"), *draw(st.lists(st.tuples(names, values), max_size=4))]
    if draw(st.booleans()):
        fields.append(("Transfer-Encoding", "chunked"))
    else:
        fields.append(("Content-Length", str(sum(map(len, chunks)))))
    client = h11.Connection(h11.CLIENT)
    method = draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"]))
    target = "/echo?" + draw(st.text("ab%2=&", max_size=9))
    data = client.send(h11.Request(method=method, target=target, headers=fields))
    for chunk in chunks:
        data += client.send(h11.Data(data=chunk))
    return data + client.send(h11.EndOfMessage()), b"".join(chunks)


@st.composite
def damaged(draw):
    """The same with up to three octets dropped, put in or exchanged."""
    data, _ = draw(messages())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw(st.sampled_from([b"", *TROUBLE])) + data[at + draw(st.integers(0, 1)) :]
    return data


def read_by_h11(data):
    """The bodies of the requests that it finds, up to the first that it refuses or that is not whole."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    found = []
    try:
        while isinstance(connection.next_event(), h11.Request):
            body = b""
            while isinstance(event := connection.next_event(), h11.Data):
                body += bytes(event.data)
            if not isinstance(event, h11.EndOfMessage):
                break
            found.append(body)
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            connection.start_next_cycle()
    except h11.ProtocolError:
        pass
    return found


def answers(server, data, splits=()):
    """[(status, body)], until it closes. Every answer of /echo and /ticks has a length."""
    found = []
    with server.client() as client:
        edges = [0, *sorted(at % len(data) for at in splits), len(data)]
        try:
            for begin, end in zip(edges, edges[1:]):
                client.send(data[begin:end])
            client.socket.shutdown(1)
            received = client.reader.read()
        except OSError:
            return found
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        if status != 100:
            found.append((status, received[:length]))
        received = received[length:]
    return found


PROFILE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@PROFILE
@given(message=messages(), splits=st.lists(st.integers(0, 400), max_size=4))
def test_what_h11_writes_is_understood(server, message, splits):
    data, body = message
    found = answers(server, data + CANARY, splits)
    assert [status for status, _ in found] == [200, 200]
    assert found[0][1] == body


@PROFILE
@given(data=damaged(), splits=st.lists(st.integers(0, 400), max_size=4))
def test_what_is_served_means_the_same_to_h11(server, data, splits):
    found = answers(server, data + CANARY, splits)
    assert found == [] or found[0][0] in (200, 400, 404, 405, 411, 413, 414, 417, 431, 501, 505)
    if found and found[0][0] == 200:
        assert read_by_h11(data + CANARY)[:1] == [found[0][1]]
