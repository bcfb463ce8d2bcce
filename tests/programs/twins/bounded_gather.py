# SPDX-License-Identifier: MIT
"""Twenty fetches side by side, of which a semaphore lets four run at once."""
import asyncio

slots = asyncio.Semaphore(4)
running = most = 0


async def fetch():
    global running, most
    async with slots:
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1


async def fetch_all():
    await asyncio.gather(*(fetch() for _ in range(20)))
    print(f"20 fetched, {most} at once")


asyncio.run(fetch_all())
