"""`nnexp resume`: run what is missing of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.arguments import Arguments
from nnexp.config.flags import parted
from nnexp.errors import UserError
from nnexp.sweep.record import read_record
from nnexp.sweep.settings import RUNNING

_WORDS = "SWEEP [--trust] [sweep.KEY=VALUE ...]"


def main(words: Sequence[str]) -> int:
    """`nnexp resume WORDS`; returns the exit status.

    Raises:
        UserError: a mistake in the words, or no sweep that can be resumed.
    """
    from nnexp.main import train

    parser = Arguments("nnexp resume", _WORDS, "Run what is missing of a sweep.")
    parser.add("sweep", type=Path, metavar="SWEEP", help="the sweep's folder")
    parser.add(
        "--trust", action="store_true", help="a sweep that was started with code of its user's"
    )
    parser.add(
        "overrides",
        nargs="*",
        metavar="sweep.KEY=VALUE",
        help=f"how to run it: {', '.join(f'sweep.{key}' for key in RUNNING)}",
    )
    options = parser.parse_args(words)
    names = [word.partition("=")[0] for word in options.overrides]
    for word, name in zip(options.overrides, names, strict=True):
        if name not in {f"sweep.{key}" for key in RUNNING}:
            raise UserError(
                f"{word!r} cannot be changed in a sweep that is resumed",
                f"its jobs stay what they are; one of {', '.join(f'sweep.{k}' for k in RUNNING)}",
                f"nnexp resume {options.sweep}",
            )
    recorded = [
        word
        for word in read_record(options.sweep, options.trust)
        if word.partition("=")[0] not in names
    ]
    resumed = [*recorded, *options.overrides, f"sweep.resume={_quoted(options.sweep)}"]
    overrides, flags = parted(resumed)
    return train([*overrides, *flags, "-m"], overrides, ["nnexp", "resume", *words])


def _quoted(path: Path) -> str:
    from nnexp.config.keys import literal

    return literal(str(path))
