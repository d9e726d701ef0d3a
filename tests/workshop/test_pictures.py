"""The letters as a reader sees them: drawn by a browser, at the width of a phone and of a desk.

Needs the Debian packages chromium and fonts-noto-cjk; without them these tests are skipped and say so.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from wsyf_scheduler.mail.letters import Letters
from wsyf_scheduler.mail.samples import samples
from wsyf_scheduler.share import TEMPLATES

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
PHONE, DESK = 500, 1000  # pixels; chromium draws no narrower window
PATIENCE = 60  # seconds


def has_chinese_font() -> bool:
    listing = shutil.which("fc-list")
    return listing is not None and bool(
        subprocess.run([listing, ":lang=zh-cn"], capture_output=True, check=False).stdout
    )


LACKING = [package for package, there in (("chromium", CHROMIUM), ("fonts-noto-cjk", has_chinese_font())) if not there]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"needs the Debian packages: {', '.join(LACKING)}")


def browse(folder: Path, page: str, *words: str, width: int) -> subprocess.CompletedProcess[str]:
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1200", *words, file.as_uri()]
    env = os.environ | {"HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=True)


def picture(folder: Path, page: str, *, width: int) -> bytes:
    """The pixels of a page, as PNG keeps them: unpacked, filters and all."""
    browse(folder, page, f"--screenshot={folder / 'page.png'}", width=width)
    data = (folder / "page.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    pixels, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            pixels += data[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(pixels)


def letters() -> list[tuple[str, str]]:
    """Each kind of letter, by its sample with the most to show."""
    writer = Letters(packaged=TEMPLATES)
    drawn: dict[str, str] = {}
    for each in samples():
        html = writer.render(each).html
        if len(html) > len(drawn.get(each.kind.value, "")):
            drawn[each.kind.value] = html
    return sorted(drawn.items())


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_letter_is_wider_than_the_window_it_is_read_in(tmp_path: Path, width: int) -> None:
    """Measured by the browser itself: each letter in a frame of the given width, then how far it would scroll."""
    frames = "".join(
        f'<iframe id="{kind}" width="{width}" height="900" srcdoc="{_quoted(html)}"></iframe>'
        for kind, html in letters()
    )
    measure = """<script>addEventListener("load", () => {
      document.title = [...document.querySelectorAll("iframe")]
        .map(f => f.id + "=" + f.contentDocument.documentElement.scrollWidth).join(" ");
    })</script>"""
    page = f'<!doctype html><meta charset="utf-8"><title></title>{frames}{measure}'
    done = browse(tmp_path, page, "--dump-dom", "--virtual-time-budget=5000", width=width)
    found = re.search(r"<title>([^<]+)</title>", done.stdout)
    assert found is not None
    widths = dict(word.split("=") for word in found[1].split())
    assert widths.keys() == {kind for kind, _html in letters()}
    assert {kind: found for kind, found in widths.items() if int(found) > width} == {}


def test_chinese_is_drawn_in_glyphs_and_not_in_boxes(tmp_path: Path) -> None:
    """Two words of the same two boxes would be the same picture."""
    first, second = ((tmp_path / name) for name in ("first", "second"))
    first.mkdir()
    second.mkdir()
    style = '<meta charset="utf-8"><p style="font:40px sans-serif">'
    assert picture(first, f"{style}提醒", width=PHONE) != picture(second, f"{style}督办", width=PHONE)


def test_a_letter_is_no_empty_page(tmp_path: Path) -> None:
    (reminder,) = (html for kind, html in letters() if kind == "reminder")
    pixels = picture(tmp_path, reminder, width=DESK)
    assert len(set(pixels)) > 16


def _quoted(html: str) -> str:
    return html.replace("&", "&amp;").replace('"', "&quot;")
