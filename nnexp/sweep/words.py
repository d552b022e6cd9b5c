"""What is typed on how to sweep, looked at word by word: nothing of it may go unheard."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from hydra.core.override_parser.types import Glob, Override

from nnexp.config.grammar import parse, value_of
from nnexp.config.keys import all_keys, literal
from nnexp.config.schema.sweep import SweepConfig
from nnexp.config.shell import shell
from nnexp.config.translate import globbed
from nnexp.config.unknown import unknown_key
from nnexp.errors import UserError
from nnexp.sweep.settings import is_about_sweep
from nnexp.sweep.values import check_values

# the methods that read a key, where not all do
_READERS = MappingProxyType(
    {
        "n": ("random", "halving", "optuna"),
        "seed": ("random", "halving", "optuna"),
        "factor": ("halving",),
        "min_epochs": ("halving",),
        "sampler": ("optuna",),
        "batch": ("optuna",),
    }
)


def check_words(words: Sequence[str]) -> None:
    """Refuse several values of what a sweep has one of, and values that no sweep can run.

    Raises:
        UserError: a word of `sweep` or `sweep.*` has several values, or a pattern in it; a range
            among other values, or an unknown tag, see `check_values`.
    """
    for word in words:
        check_values(parse(word))
    for word in filter(is_about_sweep, words):
        override = parse(word)
        _check_patterns(override)
        if not override.is_sweep_override():
            continue
        name = override.key_or_group
        pattern = isinstance(override.value(), Glob)  # of which the values are not known here
        values = [] if pattern else list(dict.fromkeys(override.sweep_string_iterator()))
        key = next((key for key in all_keys() if key.path == name), None)
        if key is None and name != "sweep" and not name.startswith("sweep.params"):
            raise unknown_key(name, values[0] if values else None, words)
        if name == "sweep":
            wrong, allowed = f"{word}: one sweep at a time", "sweep=NAME"
        else:
            wrong = f"{word} has several values, and a sweep has one"
            allowed = key.allowed if key is not None else f"one value of {name}"
        raise UserError(wrong, allowed, _one(override, values))


def _check_patterns(override: Override) -> None:
    """Refuse a pattern in a block, which Hydra would hand on as a text of its own making."""
    section, _, name = override.key_or_group.partition("sweep.params")
    if section or override.key_or_group == name:
        return
    params: Any = override.value()
    params = {name[1:]: params} if name else params
    for block in params if isinstance(params, list) else [params]:
        for key, value in block.items() if isinstance(block, dict) else ():
            for own in value if isinstance(value, list) else [value]:
                if isinstance(own, Glob):
                    raise globbed(str(key), f"{key}=glob({','.join(own.include)})", own)


def _one(override: Override, values: Sequence[str]) -> str:
    """What was meant by several values."""
    name, word = override.key_or_group, (override.input_line or "")
    if name == "sweep.zip":  # a list without its brackets
        return shell(f"{name}=[{word.partition('=')[2]}]")
    if name.startswith("sweep.params."):
        return shell(word.partition("sweep.params.")[2])
    if not values:
        return "sweep=grid" if name == "sweep" else shell(f"{name}=1")
    first = literal(value_of(f"{name}={values[0]}"))  # Hydra says True
    return shell(f"{name}={first}")


def check_lists(words: Sequence[str]) -> None:
    """Refuse values of a list that are no lists: `model.hidden=64,32` is two networks, or one.

    Raises:
        UserError: there is such a word.
    """
    keys = {key.path for key in all_keys() if key.is_list}
    for word in words:
        override = parse(word)
        if override.key_or_group not in keys or not override.is_choice_sweep():
            continue
        if isinstance(override.value(), Glob):  # which the sweep refuses
            continue
        values = list(override.sweep_string_iterator())
        if any(value.startswith("[") for value in values):
            continue
        name = override.key_or_group
        lists = ",".join(f"[{value}]" for value in values)
        raise UserError(
            f"{word} varies a list, and its values are none",
            f"lists in brackets with commas between them; {name}=[{','.join(values)}] is one list",
            shell(f"{name}={lists}"),
        )


def check_used(settings: SweepConfig, words: Sequence[str]) -> None:
    """Refuse a key that another method than the sweep's reads.

    Arguments:
        settings: those of the sweep.
        words: as typed; what a file of conf/sweep says may be for a method that is not chosen.

    Raises:
        UserError: there is such a key.
    """
    for word in filter(is_about_sweep, words):
        key = word.lstrip("+~").partition("=")[0].removeprefix("sweep.")
        readers = _READERS.get(key, (settings.method,))
        if settings.method in readers or getattr(settings, key) is None:
            continue
        value = literal(getattr(settings, key))
        drawn = "" if key == "n" or settings.n is not None else " sweep.n=20"
        if readers == ("halving",):
            drawn = ""
        raise UserError(
            f"{word} says nothing to sweep.method={settings.method}",
            f"sweep.{key} is read by sweep.method={', '.join(readers)}",
            f"sweep.method={readers[0]} sweep.{key}={value}{drawn}",
        )
