"""From overrides to a checked Config, with or without the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf

from nnexp.config.check import check
from nnexp.config.misplaced import check_single
from nnexp.config.schema import CommandConfig, Config
from nnexp.config.store import conf_dir, register
from nnexp.config.suggest import unknown_key
from nnexp.config.translate import translate


def compose(overrides: Sequence[str] = ()) -> Config:
    """The configuration that `python train.py OVERRIDES` would run with.

    Safe to call any number of times, also inside a Hydra application.

    Arguments:
        overrides: command line overrides, `["optimizer=sgd", "reg.l2=0.01"]`.

    Raises:
        UserError: for anything the command line would refuse.
    """
    overrides = [str(o) for o in overrides]
    register()
    outer, version = GlobalHydra.instance().hydra, VersionBase.instance().version_base
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), job_name="train", version_base="1.3"):
            composed = hydra_compose(config_name="config", overrides=overrides)
    except Exception as error:
        raise translate(error, overrides) from error
    finally:
        GlobalHydra.instance().hydra = outer
        VersionBase.instance().version_base = version
    return to_config(composed, overrides)


def to_config(composed: DictConfig, overrides: Sequence[str] = ()) -> Config:
    """The composed tree as plain dataclasses, checked.

    Arguments:
        composed: Hydra's configuration without its `hydra` node.
        overrides: what was typed, to word an error by.

    Raises:
        UserError: an unknown key, a value out of range, or settings that contradict each other.
    """
    try:
        command = OmegaConf.to_object(composed)
    except Exception as error:
        raise translate(error, overrides) from error
    if not isinstance(command, CommandConfig):
        raise TypeError(f"not composed from nnexp's schema: {type(command).__name__}")
    _refuse_extra(composed, command, "", overrides)
    check_single(overrides)
    config = Config(**{item.name: getattr(command, item.name) for item in fields(Config)})
    check(config)
    return config


def _refuse_extra(node: DictConfig, value: Any, prefix: str, overrides: Sequence[str]) -> None:
    """Refuse keys that came in through Hydra's `+key=value` and that nothing reads."""
    known = {f.name for f in fields(value)}
    for name in map(str, node):
        if name not in known:
            raise unknown_key(f"{prefix}{name}", node.get(name), overrides)
        child = getattr(value, name)
        if is_dataclass(child):
            _refuse_extra(node[name], child, f"{prefix}{name}.", overrides)
