# SPDX-License-Identifier: MIT
"""A browser gets a page with a hundred assets, each with a type that it believes, and lists a folder."""

import gzip
import json
import re
import shutil
import subprocess
import zlib

import pytest

CHROMIUM = shutil.which("chromium")
KINDS = {"css": 30, "js": 30, "png": 20, "svg": 20}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")

# What it has loaded, as text in its place.
REPORT = """
addEventListener("load", () => {
    const style = getComputedStyle(document.documentElement);
    const images = kind => [...document.images].filter(i => i.src.endsWith(kind) && i.naturalWidth === 3).length;
    const css = [...Array(COUNT).keys()].filter(i => style.getPropertyValue(`--c${i}`).trim() === String(i)).length;
    document.getElementById("report").textContent = JSON.stringify(
        {css: css, js: window.ran || 0, png: images("png"), svg: images("svg"), text: document.body.dataset.text});
});
""".replace("COUNT", str(KINDS["css"]))


def png():
    """Three pixels by three."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (3).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 12)) + chunk(b"IEND", b"")


CONTENT = {
    "css": lambda i: f":root {{ --c{i}: {i} }}".encode(),
    "js": lambda i: b"window.ran = (window.ran || 0) + 1;",
    "png": lambda i: png(),
    "svg": lambda i: b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"></svg>',
}
TAG = {
    "css": '<link rel="stylesheet" href="assets/{0}.css">',
    "js": '<script src="assets/{0}.js"></script>',
    "png": '<img src="assets/{0}.png" alt="">',
    "svg": '<img src="assets/{0}.svg" alt="">',
}


@pytest.fixture(name="root")
def root_fixture(tmp_path):
    root = tmp_path / "root"
    (root / "assets").mkdir(parents=True)
    tags = []
    for kind, count in KINDS.items():
        for i in range(count):
            path = root / "assets" / f"{i}.{kind}"
            path.write_bytes(CONTENT[kind](i))
            tags.append(TAG[kind].format(i))
            if kind == "js":
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    page = ["<!doctype html><title>page</title>", *tags, '<body data-text="\u00e9\u4e16"><pre id="report"></pre>',
            f"<script>{REPORT}</script>"]
    (root / "index.html").write_text("\n".join(page), encoding="utf-8")
    return root


def open_in_browser(url, profile):
    """The page as it stands once it is loaded."""
    argv = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            f"--user-data-dir={profile}", "--dump-dom", url]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def test_page_with_a_hundred_assets_loads_all_of_them(serve, root, tmp_path):
    server = serve({"web": {"app": "files", "options": {"root": str(root), "precompressed": True}}})
    host, port = server.address()
    page = open_in_browser(f"http://{host}:{port}/", tmp_path / "profile")
    report = json.loads(re.search(r'<pre id="report">(.*?)</pre>', page)[1])
    assert report == {**KINDS, "text": "\u00e9\u4e16"}
    assert server.metric("file_cache_misses") == sum(KINDS.values()) + 1


def test_listing_is_a_page_whose_links_lead_somewhere(serve, root, tmp_path):
    (root / "assets" / "<i>&\u00e9 %41.txt").write_bytes(b"found")
    server = serve({"web": {"app": "files", "options": {"root": str(root), "listing": True}}})
    host, port = server.address()
    page = open_in_browser(f"http://{host}:{port}/assets/", tmp_path / "profile")
    links = re.findall(r'<a href="([^"]*)">', page)
    assert links[0] == "../" and len(links) == sum(KINDS.values()) + KINDS["js"] + 2
    assert "&lt;i&gt;&amp;\u00e9 %41.txt</a>" in page
    with server.client() as client:
        assert all(client.get(f"/assets/{link}").status == 200 for link in links if link != "../")
