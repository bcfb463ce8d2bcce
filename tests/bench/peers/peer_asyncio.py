# SPDX-License-Identifier: MIT
"""peer_asyncio - what asyncio's tasks cost: peer_asyncio.py yield|spawn|gather. See bench_tasks.c."""

import asyncio
import sys
import time

YIELDERS, YIELDS, SPAWNS, GATHERED, GATHERS = 4, 50000, 50000, 1000, 50


async def yield_often():
    for _ in range(YIELDS):
        await asyncio.sleep(0)


async def nothing():
    pass


async def measure_yield():
    await asyncio.gather(*(yield_often() for _ in range(YIELDERS)))
    return YIELDERS * YIELDS


async def measure_spawn():
    for _ in range(SPAWNS):
        await asyncio.create_task(nothing())
    return SPAWNS


async def measure_gather():
    for _ in range(GATHERS):
        await asyncio.gather(*(nothing() for _ in range(GATHERED)))
    return GATHERS * GATHERED


def main():
    measure = {"yield": measure_yield, "spawn": measure_spawn, "gather": measure_gather}[sys.argv[1]]
    before = time.process_time_ns()
    count = asyncio.run(measure())
    print(f"{sys.argv[1]} {(time.process_time_ns() - before) / count:.3f} ns")


if __name__ == "__main__":
    main()
