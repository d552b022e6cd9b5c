"""`nnexp resume`: train a run that was cut off to its end, or run what is missing of a sweep."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote

from nnexp.arguments import Arguments
from nnexp.config.flags import parted, places
from nnexp.config.grammar import parse
from nnexp.config.likeness import nearest
from nnexp.config.shell import shell
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.near import beside
from nnexp.runs.jobs import full_disk, resume_command
from nnexp.runs.started import FILE_KEYS, started_in
from nnexp.sweep.record import read_record
from nnexp.sweep.settings import RUNNING
from nnexp.track.folder import DIAGNOSIS_FILE, SWEEP_FILE

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
    parser.add("--trust", action="store_true", help="allow its own code, and a download")
    parser.add(
        "overrides",
        nargs="*",
        metavar="sweep.KEY=VALUE",
        help=f"how to run a sweep: {', '.join(f'sweep.{key}' for key in RUNNING)}",
    )
    if not words:
        raise UserError("nnexp resume, of which folder?", f"nnexp resume {_WORDS}", _newest())
    options = parser.parse_args(words)
    folder: Path = options.folder
    if (folder / SWEEP_FILE).exists():
        return _sweep(folder, options.trust, options.overrides, words)
    if not folder.is_dir() or not (folder / "status.json").exists():
        raise UserError(
            f"{str(folder)!r} is no run and no sweep: it has no status.json and no {SWEEP_FILE}"
            f"{beside(folder)}",
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
    from nnexp.config.saved import read_config
    from nnexp.runs.continuation import is_undiagnosed, resume
    from nnexp.track.status import ENDED, read_status

    ended = read_status(folder)["status"] in ENDED
    diagnosis = folder / DIAGNOSIS_FILE
    diagnosed = diagnosis.exists()
    try:
        run = resume(folder, trust)
    except UserError:
        raise
    except Exception as error:
        if is_full(error):
            why, command = full_disk(folder)
            print(f"error: {why}\nto go on: {command}", file=sys.stderr)
            return 1
        first = "".join(str(error).splitlines()[:1])
        log = folder / "train.log"
        print(f"error: {type(error).__name__}: {first} (traceback in {log})", file=sys.stderr)
        return 1
    if ended:
        epochs = counted(run.epochs, "epoch")
        missing = "nothing is"
        if not diagnosed and diagnosis.exists():
            missing = "nothing but its diagnosis was"
        elif is_undiagnosed(run, read_config(folder, trust)):
            missing = "nothing but its diagnosis is"
        print(f"{missing} missing: the run is {run.status} after {epochs}")
    elif run.status == "interrupted":
        print(f"interrupted; to go on: {resume_command(folder)}", file=sys.stderr)
    return {"done": 0, "interrupted": 130}.get(run.status, 1)


def _sweep(folder: Path, trust: bool, overrides: Sequence[str], words: Sequence[str]) -> int:
    from nnexp.main import train_with_hydra

    known = [f"sweep.{key}" for key in RUNNING]
    names = [word.partition("=")[0] for word in overrides]
    for word, name in zip(overrides, names, strict=True):
        if name not in known:
            near = nearest(name, known, 0.8)
            more = f" {shell(f'{near}={word[len(name) + 1 :]}')}" if near else ""
            raise UserError(
                f"{word!r} cannot be changed in a sweep that is resumed",
                f"its jobs stay what they are; one of {', '.join(known)}",
                f"nnexp resume {quote(str(folder))}{more}",
            )
    recorded = [word for word in read_record(folder, trust) if word.partition("=")[0] not in names]
    _check_place(folder, recorded, words)
    resumed = [*recorded, *overrides, f"sweep.resume={_quoted(folder)}"]
    typed, flags = parted(resumed)
    return train_with_hydra([*typed, *flags, "-m"], typed, ["nnexp", "resume", *words])


def _newest() -> str:
    """What resumes the sweep that was begun last, where the usual folders have one."""
    places = (f"outputs/*/{SWEEP_FILE}", f"outputs/sweeps/*/*/{SWEEP_FILE}")
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
