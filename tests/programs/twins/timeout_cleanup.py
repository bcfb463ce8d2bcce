# SPDX-License-Identifier: MIT
"""Work that takes too long is cancelled, and has a second to clean up, in which it may wait."""
import asyncio


async def clean_up():
    await asyncio.sleep(0.001)
    print("cleaned up")


async def work():
    print("working")
    try:
        await asyncio.sleep(3600)
    finally:
        async with asyncio.timeout(1):
            await clean_up()


async def try_it():
    try:
        await asyncio.wait_for(work(), 0.01)
        print("finished")
    except TimeoutError:
        print("timed out")


asyncio.run(try_it())
