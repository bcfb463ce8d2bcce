# SPDX-License-Identifier: MIT
"""Results as they come: three run a number of laps, and the shortest way arrives first."""
import asyncio


async def run_laps(n):
    for _ in range(n):
        await asyncio.sleep(0)
    return n


async def race():
    runners = [asyncio.create_task(run_laps(n)) for n in (30, 10, 20)]
    for runner in asyncio.as_completed(runners):
        print(f"{await runner} laps")


asyncio.run(race())
