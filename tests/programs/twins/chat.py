# SPDX-License-Identifier: MIT
"""A chat room over TCP: a line from one goes to all the others. Prints where; SIGTERM ends it."""
import asyncio
import signal
import sys

members = []


async def send_lines(writer, lines):
    while True:
        writer.write(await lines.get())
        await writer.drain()


def say(sender, line):
    """Never waits: who reads too slowly misses lines."""
    for member in members:
        if member is not sender:
            try:
                member.put_nowait(line)
            except asyncio.QueueFull:
                print("a line was lost", file=sys.stderr)


async def talk(reader, writer):
    lines = asyncio.Queue(8)
    members.append(lines)
    sender = asyncio.create_task(send_lines(writer, lines))
    try:
        writer.write(b"welcome\n")
        await writer.drain()
        async for line in reader:
            say(lines, line)
    finally:
        members.remove(lines)
        sender.cancel()
        writer.close()


async def open_room():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
        await ended.wait()
    talkers = asyncio.all_tasks() - {asyncio.current_task()}
    if talkers:
        print("closed on those who were there")
    for task in talkers:
        task.cancel()
    await asyncio.gather(*talkers, return_exceptions=True)


asyncio.run(open_room())
