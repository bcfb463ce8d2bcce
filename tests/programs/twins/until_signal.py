# SPDX-License-Identifier: MIT
"""A task works until a signal comes; then it is cancelled, and says how it ended."""
import asyncio
import signal


async def work():
    while True:
        await asyncio.sleep(0.001)


async def work_until_signal():
    loop = asyncio.get_running_loop()
    came = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, came.set_result, number)
    worker = asyncio.create_task(work())
    print("ready", flush=True)
    number = await came
    worker.cancel()
    try:
        await worker
    except asyncio.CancelledError:
        print(f"cancelled by {number.name}")


asyncio.run(work_until_signal())
