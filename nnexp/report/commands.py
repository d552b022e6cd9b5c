"""The commands by which runs were made, without what differs from place to place."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from nnexp.config.bounds import LARGEST
from nnexp.config.plain_yaml import parse
from nnexp.errors import TRAIN
from nnexp.files import read_regular
from nnexp.leaderboard import Record
from nnexp.lines import one_line, shorten
from nnexp.runs.jobs import sweep_of
from nnexp.track.folder import SWEEP_FILE

FOLDERS = re.compile(r"""(?<![^=,\['"])/(?:[^/,\]'"]*/)*""")  # of an absolute path
LONGEST = 600  # characters of a command
# beginnings of words that say where a run is kept, or that a sweep goes on, and not what is run
OF_PLACE = ("hydra.", "sweep.resume=", "sweep.dry_run=")
MULTIRUN = ("-m", "--multirun")


def commands_of(runs: Sequence[tuple[Record, Mapping[str, Any]]]) -> list[str]:
    """The commands of some runs, each once.

    A run of a sweep that was resumed knows but `nnexp resume`: the sweep knows what was typed.

    Arguments:
        runs: each with its manifest.
    """
    told: dict[tuple[str, ...], str] = {}
    for again in (False, True):  # a resume of a command that is told already adds nothing
        for record, manifest in runs:
            words = _words(manifest.get("command"))
            if _resumes(words) is not again:
                continue
            if again:
                words = tuple(_typed(sweep_of(record.folder))) or words
            told.setdefault(tuple(sorted(filter(_is_override, words))), placeless(words))
    return list(dict.fromkeys(filter(None, told.values())))


def _words(command: Any) -> tuple[str, ...]:
    # to take words apart takes a while
    return _split(command[: 4 * LONGEST]) if isinstance(command, str) else ()


@lru_cache(maxsize=64)  # the runs of a sweep all have the same
def _split(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError:  # a stranger's
        return tuple(command.split())


def _resumes(words: Sequence[str]) -> bool:
    return list(words[1:2]) == ["resume"]


def _is_override(word: str) -> bool:
    return "=" in word and not word.startswith(OF_PLACE)


def _typed(sweep: Path | None) -> list[str]:
    """The command that started a sweep, by its sweep.yaml; empty where it cannot be read."""
    if sweep is None:
        return []
    try:
        words = parse(read_regular(sweep / SWEEP_FILE, LARGEST).decode())["words"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, RecursionError):
        return []
    if not isinstance(words, list):
        return []
    return [*TRAIN.split(), "-m", *map(str, words)]


def placeless(words: Sequence[str]) -> str:
    """A command line without what differs from place to place: how training is called, Hydra's
    folders, absolute paths.
    """
    kept = [FOLDERS.sub("", word) for word in words if not word.startswith(OF_PLACE)]
    return shorten(one_line(shlex.join(_by_name(kept))), LONGEST)


def _by_name(words: Sequence[str]) -> list[str]:
    """Training called by its name, a sweep as it is recorded: its flags after its overrides."""
    program = TRAIN.split()
    rest = list(words[words[:1] == ["python"] :])
    if rest[: len(program)] == program:
        rest = rest[len(program) :]
    elif rest and (rest[0].endswith(".py") or rest[0] in ("nnexp.run", "nnexp.multirun")):
        rest = ["-m"] * (rest[0] == "nnexp.multirun") + rest[1:]
    else:
        return list(words)
    if not set(MULTIRUN) & set(rest):
        return [*program, *rest]
    overrides = [word for word in rest if word[:1] != "-" and (word[:1] == "~" or "=" in word)]
    flags = [word for word in rest if word not in (*overrides, *MULTIRUN)]
    return [*program, "-m", *overrides, *flags]
