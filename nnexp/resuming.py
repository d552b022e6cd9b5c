"""`nnexp resume`: train a run that was cut off to its end, or run what is missing of a sweep."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from nnexp.arguments import Arguments
from nnexp.errors import UserError
from nnexp.jobs import resume_command
from nnexp.sweep.record import FILE as SWEEP_FILE
from nnexp.sweep.record import read_record
from nnexp.sweep.settings import RUNNING

_WORDS = "FOLDER [--trust] [sweep.KEY=VALUE ...]"
_ALLOWED = "the folder of a run, or of a sweep, whose jobs are folders in it"


def main(words: Sequence[str]) -> int:
    """`nnexp resume WORDS`; returns the exit status.

    Raises:
        UserError: a mistake in the words, or nothing that can be resumed.
    """
    parser = Arguments(
        "nnexp resume",
        _WORDS,
        "Go on with a run that was cut off, or run what is missing of a sweep.",
    )
    parser.add("folder", type=Path, metavar="FOLDER", help="of a run or of a sweep")
    parser.add("--trust", action="store_true", help="it was started with code of its user's")
    parser.add(
        "overrides",
        nargs="*",
        metavar="sweep.KEY=VALUE",
        help=f"how to run a sweep: {', '.join(f'sweep.{key}' for key in RUNNING)}",
    )
    options = parser.parse_args(words)
    folder: Path = options.folder
    if (folder / SWEEP_FILE).exists():
        return _sweep(folder, options.trust, options.overrides, words)
    if not folder.is_dir() or not (folder / "status.json").exists():
        raise UserError(
            f"{str(folder)!r} is no run and no sweep: it has no status.json and no {SWEEP_FILE}",
            _ALLOWED,
            "ls outputs/*/* outputs/sweeps/*",
        )
    if options.overrides:
        raise UserError(
            f"{options.overrides[0]!r} cannot be changed in a run that is resumed",
            "it ends as it would have; what is changed is another run",
            f"nnexp resume {quote(str(folder))}",
        )
    return _run(folder, options.trust)


def _run(folder: Path, trust: bool) -> int:
    """Go on with a run; the exit status is that of training it."""
    from nnexp.continuation import ENDED, resume
    from nnexp.track.status import read_status

    ended = read_status(folder)["status"] in ENDED
    try:
        run = resume(folder, trust)
    except UserError:
        raise
    except Exception as error:
        first = "".join(str(error).splitlines()[:1])
        log = folder / "train.log"
        print(f"error: {type(error).__name__}: {first} (traceback in {log})", file=sys.stderr)
        return 1
    if ended:
        print(f"nothing is missing: the run is {run.status} after {run.epochs} epochs")
    elif run.status == "interrupted":
        print(f"interrupted; to go on: {resume_command(folder)}", file=sys.stderr)
    return {"done": 0, "interrupted": 130}.get(run.status, 1)


def _sweep(folder: Path, trust: bool, overrides: Sequence[str], words: Sequence[str]) -> int:
    from nnexp.main import train

    names = [word.partition("=")[0] for word in overrides]
    for word, name in zip(overrides, names, strict=True):
        if name not in {f"sweep.{key}" for key in RUNNING}:
            raise UserError(
                f"{word!r} cannot be changed in a sweep that is resumed",
                f"its jobs stay what they are; one of {', '.join(f'sweep.{k}' for k in RUNNING)}",
                f"nnexp resume {folder}",
            )
    recorded = [word for word in read_record(folder, trust) if word.partition("=")[0] not in names]
    resumed = [*recorded, *overrides, f"sweep.resume={_quoted(folder)}"]
    arguments = ["-m", *resumed]
    typed = [word for word in resumed if not word.startswith("-")]
    return train(arguments, typed, ["nnexp", "resume", *words])


def _quoted(path: Path) -> str:
    from nnexp.config.keys import literal

    return literal(str(path))
