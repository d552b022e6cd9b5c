"""A run's configuration with a few overrides changed, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nnexp.config.check import check_settings
from nnexp.config.compose import compose
from nnexp.config.grammar import parse
from nnexp.config.groups import groups
from nnexp.config.keys import PACKAGES
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig
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
        with contextlib.suppress(UserError, OmegaConfBaseException, AttributeError, TypeError):
            found = _laid_on(base, words)
    return found if found is not None and _class(found) in (None, _class(base)) else None


def fits(base: Config, words: Sequence[str]) -> bool:
    """Whether a configuration takes overrides that choose no other option."""
    try:
        _laid_on(base, words)
    except (UserError, OmegaConfBaseException, AttributeError, TypeError):
        return False
    return True


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
    """The changes set key by key, as the schema reads them, and checked together."""
    config = base
    for word in words:
        override = parse(word)
        key = override.key_or_group
        section, _, path = key.partition(".")
        value: Any = override.value()
        if key in groups():
            section = PACKAGES.get(key, key)
            value = getattr(compose([word]), section)
        elif path:
            node = OmegaConf.structured(getattr(config, section))
            OmegaConf.update(node, path, value)
            value = OmegaConf.to_object(node)
        config = replace(config, **{section: value})
    check_settings(config)
    return config


def config_value(config: Config, key: str) -> object:
    """The value of a key such as `reg.l2`; AttributeError where the chosen option has none."""
    value: object = config
    for part in key.split("."):
        value = getattr(value, part)
    return value
