"""The schema made known to Hydra, and the folder of YAML files it composes."""

from __future__ import annotations

import secrets
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from nnexp.config.schema.config import CommandConfig
from nnexp.config.schema.model import CustomModelConfig
from nnexp.config.schema.options import OPTIONS


def conf_dir() -> Path:
    """The folder of the YAML files: `nnexp/conf` where installed, `conf` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


def register() -> None:
    """Register `schema`, `<group>/schema_<option>` and the resolver `nnexp.hex`; may be repeated.

    `${nnexp.hex:}` gives four random hex digits, the same throughout one command.
    """
    store = ConfigStore.instance()
    if "schema.yaml" in store.repo and OmegaConf.has_resolver("nnexp.hex"):
        return
    store.store(name="schema", node=_root())
    for group, options in OPTIONS.items():
        for name, schema in options.items():
            store.store(group=group, name=f"schema_{name}", node=_option(name, schema))
    OmegaConf.register_new_resolver(
        "nnexp.hex", lambda: secrets.token_hex(2), use_cache=True, replace=True
    )


def _root() -> DictConfig:
    """The typed root, its groups left open: each option brings a class of its own."""
    root = OmegaConf.structured(CommandConfig)
    for group in OPTIONS:
        root[group] = "???"
    return root


def _option(name: str, schema: type) -> DictConfig:
    node = OmegaConf.structured(schema(name=name))
    if schema is CustomModelConfig:
        # so that model.args.width=64 is accepted without Hydra's `+`
        node.args._set_flag("struct", False)
    return node
