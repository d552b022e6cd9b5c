"""Draw the pictures of a sweep that README.md and docs/report.md show, from its report.html.

    python scripts/draw_report_pictures.py

The sweep is COMMAND, run as it is typed; a headless Chromium shows parts of its report.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import nnexp

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (
    "python train.py -m data=wine reg.l2=0,0.0001,0.001,0.01,0.1 "
    "optimizer.lr=0.0003,0.001,0.003,0.01 'seed=range(5)'"
)
PICTURES = {"sweep-settings.png": ("settings", "pairs"), "sweep-curves.png": ("curves",)}
SECTION = re.compile(r'<section id="([a-z]+)".*?</section\s*>', re.DOTALL)
WIDTH, HEIGHT = 1180, 2400  # pixels; what is white below is cut off
CHROME = 150  # pixels at the bottom, which some versions leave black
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def draw(report: str, sections: tuple[str, ...], file: Path, browser: str) -> None:
    """Write a picture of some sections of a report, and nothing around them."""
    from PIL import Image, ImageChops

    head, rest = report.split("<main", 1)
    found = {match[1]: match[0] for match in SECTION.finditer(rest)}
    start = rest.index(">") + 1
    end = rest.rindex("</main")
    page = f"{head}<main{rest[:start]}{''.join(found[name] for name in sections)}{rest[end:]}"
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder)
        (own / "page.html").write_text(page, encoding="utf-8")
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        size, shot = f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={own / 'shot.png'}"
        subprocess.run(
            [browser, *options, size, shot, f"--user-data-dir={own / 'profile'}",
             (own / "page.html").as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )  # fmt: skip
        picture = Image.open(own / "shot.png").convert("RGB")
    picture = picture.crop((0, 0, WIDTH, HEIGHT - CHROME))
    white = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, white).getbbox()
    if box is None:
        raise SystemExit(f"{browser} showed an empty page")
    picture = picture.crop((0, max(0, box[1] - 12), picture.width, box[3] + 16))
    picture.quantize(128).save(file, optimize=True)


def main() -> None:
    """Run the sweep and draw its pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is installed")
    words = shlex.split(COMMAND)[3:]
    with tempfile.TemporaryDirectory() as root:
        swept = nnexp.multirun([*words, "trainer.progress=none"], root=root)
        report = (swept.folder / "report.html").read_text(encoding="utf-8")
    for name, sections in PICTURES.items():
        draw(report, sections, ROOT / "docs" / name, browser)
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
