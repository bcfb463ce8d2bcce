# SPDX-License-Identifier: MIT
"""Four threads count primes; each tells the loop when it is done, and the loop goes on meanwhile."""
import asyncio

told = 0


def is_prime(n):
    i = 2
    while i * i <= n:
        if n % i == 0:
            return False
        i += 1
    return n > 1


def tell(all_told):
    global told
    told += 1
    if told == 4:
        all_told.set()


def count(start, end, loop, all_told):
    n = sum(is_prime(i) for i in range(start, end))
    loop.call_soon_threadsafe(tell, all_told)
    return n


async def count_all():
    all_told = asyncio.Event()
    loop = asyncio.get_running_loop()
    counts = await asyncio.gather(
        *(asyncio.to_thread(count, i * 10000, (i + 1) * 10000, loop, all_told) for i in range(4))
    )
    await all_told.wait()
    print(f"{sum(counts)} primes, {told} threads told")


asyncio.run(count_all())
