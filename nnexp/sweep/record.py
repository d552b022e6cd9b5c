"""sweep.yaml in a sweep's folder: what was typed, so that the sweep can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import yaml
from hydra.errors import HydraException

from nnexp.config.grammar import value_of
from nnexp.config.plain_yaml import parse
from nnexp.config.typed import may_run_code
from nnexp.errors import UserError
from nnexp.files import read_regular
from nnexp.track.folder import SWEEP_FILE, write_text

LARGEST = 1 << 20  # bytes
FORMAT_VERSION = 1
# of what is typed again for a resume, these are said anew
DROPPED = ("sweep.resume", "sweep.dry_run", "hydra.sweep.dir", "hydra.run.dir")
# which launcher runs the jobs is none of what they are, and nnexp's own alone resumes
LAUNCHERS = ("hydra/launcher", "hydra.launcher")


def write_record(folder: Path, words: Sequence[str], jobs: int | None = None) -> None:
    """Keep the words of a sweep's command line, flags included, in its folder.

    Arguments:
        folder: the sweep's.
        words: as typed.
        jobs: at its end how many jobs it had, whose folders are called by their numbers; None
            where they are called otherwise, or are not known yet.
    """
    content = {"format_version": FORMAT_VERSION, "words": kept(words)}
    if jobs is not None:
        content["jobs"] = jobs
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_text(folder / SWEEP_FILE, text, sync=jobs is None)


def kept(words: Sequence[str]) -> list[str]:
    """Those of a command line that say what a sweep is."""
    names = [(word.lstrip("+~").partition("=")[0], word) for word in words]
    return [
        word
        for name, word in names
        if word not in ("-m", "--multirun")
        and name not in DROPPED
        and not (name in LAUNCHERS or name.startswith(f"{LAUNCHERS[1]}."))
    ]


def read_record(folder: Path, trust: bool = False) -> list[str]:
    """The words that `write_record` kept; those of an older record that it would not are left out.

    Arguments:
        folder: a sweep's folder, which may be a stranger's.
        trust: allow words that choose code to run or reach beyond the configuration: flags,
            Hydra's own keys, `${...}`, a model class, a table that is downloaded.

    Raises:
        UserError: there is no record, it is damaged, or it holds such words and is not trusted.
    """
    path = folder / SWEEP_FILE
    try:
        content = parse(read_regular(path, LARGEST).decode(), longest=LARGEST)  # a list may be long
        words = content["words"]
        if content["format_version"] != FORMAT_VERSION or not all(
            isinstance(word, str) for word in words
        ):
            raise ValueError(f"format_version {FORMAT_VERSION} and a list of words are expected")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{str(folder)!r} is no sweep: it has no {SWEEP_FILE}",
            "the folder of a sweep, whose jobs are folders in it",
            "ls outputs/sweeps/*",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, RecursionError) as error:
        raise UserError(
            f"{str(path)!r} is damaged: {type(error).__name__}",
            f"the {SWEEP_FILE} that nnexp wrote, unchanged",
            f"head {quote(str(path))}",
        ) from error
    if not trust:
        for what, is_odd in (("may run code", may_run_code), ("downloads a table", _downloads)):
            odd = next((word for word in words if any(map(is_odd, _unfolded(word)))), None)
            if odd is not None:
                raise UserError(
                    f"the sweep was started with {odd!r}, which {what}",
                    "nnexp resumes such a sweep where you trust its folder",
                    f"nnexp resume {quote(str(folder))} --trust",
                )
    return kept(words)


def _downloads(word: str) -> bool:
    """Whether a word chooses a table that is downloaded, and kept where another word may say."""
    name, _, value = word.lstrip("+").partition("=")
    return name == "data" and ("openml" in value or "glob(" in value)


def _unfolded(word: str) -> list[str]:
    """A word, and the words that `sweep.params` makes of what stands in it."""
    name, _, _ = word.lstrip("+~").partition("=")
    section, _, key = name.partition("sweep.params")
    if section:
        return [word]
    try:
        value = value_of(word)
    except HydraException:  # whoever composes it will say so
        return [word]
    for own in reversed([part for part in key.split(".") if part]):
        value = {own: value}
    blocks = value if isinstance(value, list) else [value]
    inner = [(str(own), given) for block in blocks for own, given in _flat(block)]
    return [word, *(f"{own}={one}" for own, given in inner for one in _items(given))]


def _flat(block: Any) -> Iterator[tuple[str, Any]]:
    """The keys of a block, those of mappings in it by their dotted names as well."""
    if not isinstance(block, dict):
        return
    for name, value in block.items():
        yield str(name), value
        yield from ((f"{name}.{inner}", own) for inner, own in _flat(value))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) and value else [value]
