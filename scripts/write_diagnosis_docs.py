"""Write the diagnoses that README.md and docs/diagnosis.md show, from real runs.

    python scripts/write_diagnosis_docs.py

The commands are those of STORIES, run as they are typed; the block after each MARK is replaced.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tempfile
from pathlib import Path

import nnexp
from nnexp.diagnosis.probe import table
from nnexp.errors import TRAIN

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/diagnosis.md")
STORIES = {
    "negative": "python train.py experiment=negative_loss optimizer=sgd seed=3",
    "unscaled": "python train.py experiment=unscaled",
    "probed": "python train.py optimizer=sgd optimizer.lr=0.0005 trainer.epochs=10",
}
WIDTH = 100


def mark(name: str) -> str:
    """The line before a story's block."""
    return f"<!-- {name}, by scripts/write_diagnosis_docs.py -->"


def told(name: str, command: str) -> str:
    """What a run's proof, or its probes, say, without what differs from machine to machine."""
    words = shlex.split(command)[2:]
    with tempfile.TemporaryDirectory() as root, contextlib.redirect_stderr(io.StringIO()):
        with contextlib.redirect_stdout(io.StringIO()):
            run = nnexp.run([*words, "trainer.progress=none"], root=root)
        if name == "probed":
            probes = nnexp.diagnose(run.folder, probe=True).diagnosis.probes
            return table(probes).rstrip()
        # the command is typed as on the page, without what only keeps it quiet here
        said = str(nnexp.diagnose(run.folder, prove=True)).replace(" trainer.progress=none", "")
        said = said.replace(f"{TRAIN} ", "python train.py ")
    return "\n".join(piece for line in said.splitlines() for piece in wrapped(line))


def wrapped(line: str) -> list[str]:
    """A line cut to the width of the page, its rest indented."""
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def main() -> None:
    """Run the stories and write what they say into the pages."""
    for name, command in STORIES.items():
        shown = f"{mark(name)}\n```text\n{told(name, command)}\n```"
        block = re.compile(re.escape(mark(name)) + r"\n```text\n.*?^```$", re.MULTILINE | re.DOTALL)
        for page in (ROOT / path for path in PAGES):
            text = page.read_text(encoding="utf-8")
            if mark(name) not in text:
                continue
            text, count = block.subn(shown.replace("\\", r"\\"), text)
            if count != 1 or command not in text:
                raise SystemExit(
                    f"{page.name} has not one block after {mark(name)}, and the command"
                )
            page.write_text(text, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}: {name}")


if __name__ == "__main__":
    main()
