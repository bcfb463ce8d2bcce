# SPDX-License-Identifier: MIT
"""Three crawlers follow the links of a local web server, page after page, each page once."""
import asyncio
import re

PAGES = 20

seen = {0}
fetched = links = 0


async def serve_page(reader, writer):
    """Page n links to 2n+1, 2n+2 and home."""
    head = await reader.readuntil(b"\r\n\r\n")
    if match := re.match(rb"GET /(\d+)", head):
        n = int(match[1])
        writer.write(f"HTTP/1.0 200 OK\r\n\r\n<a href=/{2 * n + 1}>\n<a href=/{2 * n + 2}>\n<a href=/0>\n".encode())
        await writer.drain()
    writer.close()


def follow(pages, page):
    global links
    links += 1
    if page < PAGES and page not in seen:
        seen.add(page)
        pages.put_nowait(page)


async def fetch_page(address, pages, page):
    global fetched
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET /{page} HTTP/1.0\r\n\r\n".encode())
    await writer.drain()
    async for line in reader:
        if match := re.match(rb"<a href=/(\d+)>", line):
            follow(pages, int(match[1]))
    writer.close()
    await writer.wait_closed()
    fetched += 1


async def crawl(address, pages):
    while True:
        await fetch_page(address, pages, await pages.get())
        pages.task_done()


async def crawl_all():
    pages = asyncio.Queue(PAGES)
    server = await asyncio.start_server(serve_page, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        crawlers = [asyncio.create_task(crawl(address, pages)) for _ in range(3)]
        await pages.put(0)
        await pages.join()
        for crawler in crawlers:
            crawler.cancel()
        await asyncio.gather(*crawlers, return_exceptions=True)
    print(f"{fetched} pages, {links} links")


asyncio.run(crawl_all())
