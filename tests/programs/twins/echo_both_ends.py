# SPDX-License-Identifier: MIT
"""A server that sends back what it gets, and three clients that check it."""
import asyncio


async def echo(reader, writer):
    while data := await reader.read(256):
        writer.write(data)
        await writer.drain()
    writer.close()


async def ask(address, text):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(text.encode())
    await writer.drain()
    answer = (await reader.readexactly(len(text))).decode()
    writer.close()
    await writer.wait_closed()
    print(answer)
    if answer != text:
        raise OSError("another answer")


async def serve_and_ask():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        await asyncio.gather(*(ask(address, word) for word in ("one", "two", "three")))


asyncio.run(serve_and_ask())
