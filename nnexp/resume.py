"""`nnexp resume`: run what is missing of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote

from nnexp.arguments import Arguments
from nnexp.config.flags import parted, places
from nnexp.config.grammar import parse
from nnexp.config.shell import shell
from nnexp.config.suggest import nearest
from nnexp.errors import UserError
from nnexp.started import FILE_KEYS, started_in
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
    if not words:
        raise UserError("nnexp resume, of which sweep?", f"nnexp resume {_WORDS}", _newest())
    options = parser.parse_args(words)
    names = [word.partition("=")[0] for word in options.overrides]
    known = [f"sweep.{key}" for key in RUNNING]
    for word, name in zip(options.overrides, names, strict=True):
        if name not in known:
            near = nearest(name, known, 0.8)
            more = f" {shell(f'{near}={word[len(name) + 1 :]}')}" if near else ""
            raise UserError(
                f"{word!r} cannot be changed in a sweep that is resumed",
                f"its jobs stay what they are; one of {', '.join(known)}",
                f"nnexp resume {quote(str(options.sweep))}{more}",
            )
    recorded = [
        word
        for word in read_record(options.sweep, options.trust)
        if word.partition("=")[0] not in names
    ]
    _check_place(options.sweep, recorded, words)
    resumed = [*recorded, *options.overrides, f"sweep.resume={_quoted(options.sweep)}"]
    overrides, flags = parted(resumed)
    return train([*overrides, *flags, "-m"], overrides, ["nnexp", "resume", *words])


def _newest() -> str:
    """What resumes the sweep that was begun last, where the usual folders have one."""
    places = ("outputs/*/sweep.yaml", "outputs/sweeps/*/*/sweep.yaml")
    found = [path for place in places for path in Path().glob(place)]
    if not found:
        return "ls outputs/sweeps"
    newest = max(found, key=lambda path: path.stat().st_mtime)
    return f"nnexp resume {quote(str(newest.parent))}"


def _check_place(sweep: Path, recorded: Sequence[str], words: Sequence[str]) -> None:
    """Refuse to go on elsewhere than where a sweep was started, if its files are not found here.

    Raises:
        UserError: a relative path leads nowhere from here, and does from a folder above the sweep.
    """
    # of flags those that stand for the folders of options
    paths = [word.rpartition("=")[2] for word in places(recorded) if word[:1] != "-" or "=" in word]
    for word in map(parse, [word for word in recorded if word.startswith("data.")]):
        if word.key_or_group in FILE_KEYS and not word.is_sweep_override():
            paths.append(str(word.value()))
    start = started_in(sweep, paths)
    if start is not None:
        own = str(sweep.absolute().relative_to(start))
        again = [own if word == str(sweep) else word for word in words]
        raise UserError(
            f"from here there is no {next(p for p in paths if not Path(p).exists())!r}, which the "
            "sweep reads",
            "the folder in which the sweep was started; relative paths are read from there",
            f"cd {quote(str(start))} && {join(['nnexp', 'resume', *again])}",
        )


def _quoted(path: Path) -> str:
    from nnexp.config.keys import literal

    return literal(str(path))
