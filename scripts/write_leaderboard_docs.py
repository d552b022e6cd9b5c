"""Write the leaderboard that README.md and docs/leaderboard.md show, from a real sweep.

    python scripts/write_leaderboard_docs.py

The sweep is COMMAND, run as it is typed; the block after each MARK is replaced.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path

import nnexp

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/leaderboard.md")
COMMAND = (
    "python train.py -m data=wine reg.l2=0,0.01,0.1 'seed=range(5)' hydra.sweep.dir=outputs/l2"
)
MARK = "<!-- by scripts/write_leaderboard_docs.py -->"
BLOCK = re.compile(re.escape(MARK) + r"\n```text\n.*?^```$", re.MULTILINE | re.DOTALL)
WIDTH = 98  # columns


def table() -> str:
    """The leaderboard of the sweep, as a terminal of that width shows it."""
    words = [word for word in shlex.split(COMMAND)[3:] if not word.startswith("hydra.")]
    with tempfile.TemporaryDirectory() as root:
        swept = nnexp.multirun([*words, "trainer.progress=none"], root=root)
        return swept.leaderboard.text(WIDTH)


def main() -> None:
    """Run the sweep and write its leaderboard into the pages."""
    shown = f"{MARK}\n```text\n{table().rstrip()}\n```"
    for name in PAGES:
        page = ROOT / name
        text, count = BLOCK.subn(lambda _: shown, page.read_text(encoding="utf-8"))
        if count != 1 or COMMAND not in text:
            raise SystemExit(f"{name} has not one block after {MARK}, and the command")
        page.write_text(text, encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
