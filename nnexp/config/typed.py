"""The words that were typed for a run, read back from its folder, which may be a stranger's.

Composing a word can run code: `hydra.searchpath=pkg://x` imports x, and a file of options outside
of conf/ may name any class. Such words are left out where the folder is not trusted. They say
nothing of what a run computes, so that an honest run is the same without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from nnexp.config.plain_yaml import parse
from nnexp.files import read_regular

FILE = "overrides.yaml"
LARGEST = 1 << 20  # bytes


def read_typed(folder: str | Path, trust: bool = False) -> list[str] | None:
    """The overrides of a run.

    Arguments:
        folder: the run folder.
        trust: give also what may run code when it is composed.

    Returns:
        The words; None where they were not noted or cannot be read.
    """
    try:
        found = parse(read_regular(Path(folder) / FILE, LARGEST).decode())
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return None
    return list(found) if trust else harmless(found)


def harmless(words: Sequence[str]) -> list[str]:
    """Those that can be composed whoever typed them."""
    return [word for word in words if not may_run_code(word)]


def may_run_code(word: str) -> bool:
    """Whether a word reaches beyond values and the options of conf/: a flag, a key of Hydra's, an
    interpolation, a package, a class, a file elsewhere.
    """
    name, sign, value = word.lstrip("+~").partition("=")
    return (
        word.startswith("-")
        or not sign
        or name.partition("@")[0].split("/")[0].split(".")[0] == "hydra"
        or "@" in name
        or "/" in name
        or "_target_" in word
        or "${" in word
        or (name == "model" and "custom" in value)
        or ("." not in name and ("/" in value or "\\" in value))
    )
