"""A run's configuration with a few overrides changed, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nnexp.config.compose import compose
from nnexp.config.groups import groups
from nnexp.config.schema import Config, CustomModelConfig
from nnexp.errors import UserError


def changed(base: Config, overrides: Sequence[str], words: Sequence[str]) -> Config | None:
    """The configuration with some overrides on top; None where they do not fit.

    A class that `base` does not name is not composed in: it would be imported.

    Where what the user typed gives `base`, the changes are typed after it; values that only the
    option chosen before had are then left out. Otherwise they are laid on `base` key by key.
    """
    found = None
    with contextlib.suppress(UserError):
        if compose(overrides) == base:
            found = _typed(overrides, words)
    if found is None:
        with contextlib.suppress(UserError):
            found = _laid_on(base, words)
    return found if found is not None and _class(found) in (None, _class(base)) else None


def _class(config: Config) -> str | None:
    """The class of the user's own that a model is."""
    return config.model._target_ if isinstance(config.model, CustomModelConfig) else None


def _typed(overrides: Sequence[str], words: Sequence[str]) -> Config:
    with contextlib.suppress(UserError):
        return compose([*overrides, *words])
    chosen = {word.partition("=")[0] for word in words if word.partition("=")[0] in groups()}
    kept = [w for w in overrides if w.partition("=")[0].partition(".")[0] not in chosen]
    return compose([*kept, *words])


def _laid_on(base: Config, words: Sequence[str]) -> Config:
    config = base
    names = groups()
    for word in words:
        key = word.partition("=")[0]
        section = key.partition(".")[0]
        if key in names:
            config = _with(config, [key], getattr(compose([word]), key))
            continue
        # the value as the command line reads it, under the option that the run has
        option = getattr(getattr(config, section, None), "name", None)
        chosen = [f"{section}={option}"] if section in names and section != "loss" else []
        value = value_of(compose([*chosen, word]), key)
        config = _with(config, key.split("."), value)
    return config


def value_of(config: Config, key: str) -> object:
    """The value of a key such as `reg.l2`; AttributeError where the chosen option has none."""
    value: object = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _with(section: Any, path: Sequence[str], value: object) -> Any:
    if len(path) == 1:
        return replace(section, **{path[0]: value})
    own = _with(getattr(section, path[0]), path[1:], value)
    return replace(section, **{path[0]: own})
