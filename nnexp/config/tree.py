"""From overrides to Hydra's tree, and from the tree to a checked Config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf

from nnexp.config.check import check_settings
from nnexp.config.keys import literal
from nnexp.config.located import located, without_schema
from nnexp.config.misplaced import check_single
from nnexp.config.own import SEARCH, own_folders
from nnexp.config.quick import quick_composition
from nnexp.config.schema.config import CommandConfig, Config
from nnexp.config.schema.options import OPTIONS
from nnexp.config.store import conf_dir, register
from nnexp.config.translate import translate
from nnexp.config.unknown import unknown_key
from nnexp.errors import UserError


def compose_tree(overrides: Sequence[str]) -> DictConfig:
    """What Hydra composes of the files and overrides, unchecked; its errors are Hydra's."""
    own = [f"file://{folder.absolute()}" for folder in own_folders()]
    asked = any(override.lstrip("+").startswith(SEARCH) for override in overrides)
    search = [f"{SEARCH}={literal(own)}"] if own and not asked else []
    register()
    outer, version = GlobalHydra.instance().hydra, VersionBase.instance().version_base
    GlobalHydra.instance().clear()
    try:
        with (
            quick_composition(),
            initialize_config_dir(str(conf_dir()), job_name="train", version_base="1.3"),
        ):
            return hydra_compose(config_name="config", overrides=[*overrides, *search])
    finally:
        GlobalHydra.instance().hydra = outer
        VersionBase.instance().version_base = version


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
    check_single(overrides)
    config = Config(**{item.name: getattr(command, item.name) for item in fields(Config)})
    try:
        _refuse_extra(composed, command, "", overrides)
        _check_schemas(config, overrides)
        check_settings(config)
    except UserError as error:
        told = located(error, overrides)
        if told is error:
            raise
        raise told from error
    return config


def _check_schemas(config: Config, overrides: Sequence[str]) -> None:
    """Refuse an option of the user's own that is built on no schema: it lacks keys."""
    for item in fields(config):
        schemas = OPTIONS.get(item.name)
        if schemas and type(getattr(config, item.name)) not in schemas.values():
            raise without_schema(item.name, overrides)


def _refuse_extra(node: DictConfig, value: Any, prefix: str, overrides: Sequence[str]) -> None:
    """Refuse keys that came in through Hydra's `+key=value` and that nothing reads."""
    known = {f.name for f in fields(value)}
    for name in map(str, node):
        if name not in known:
            raise unknown_key(f"{prefix}{name}", node.get(name), overrides)
        child = getattr(value, name)
        if is_dataclass(child):
            _refuse_extra(node[name], child, f"{prefix}{name}.", overrides)
