# SPDX-License-Identifier: MIT
"""Words go into sort(1) and come out line by line."""
import asyncio
from asyncio.subprocess import PIPE


async def sort():
    child = await asyncio.create_subprocess_exec("sort", stdin=PIPE, stdout=PIPE)
    child.stdin.write(b"willow\nash\nhazel\n")
    await child.stdin.drain()
    child.stdin.close()
    async for line in child.stdout:
        print(line.decode(), end="")
    print(f"exit code {await child.wait()}")


asyncio.run(sort())
