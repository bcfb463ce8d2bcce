# SPDX-License-Identifier: MIT
"""Two consumers add up what a producer hands them through a queue of three places."""
import asyncio


class Work:
    def __init__(self):
        self.queue = asyncio.Queue(3)
        self.taken = 0
        self.sum = 0


async def consume(work):
    while (item := await work.queue.get()) is not None:
        work.taken += 1
        work.sum += item


async def produce_and_consume():
    work = Work()
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(consume(work))
        for item in range(1, 101):
            await work.queue.put(item)
        for _ in range(2):
            await work.queue.put(None)  # Queue.shutdown came with Python 3.13
    print(f"{work.taken} items, sum {work.sum}")


asyncio.run(produce_and_consume())
