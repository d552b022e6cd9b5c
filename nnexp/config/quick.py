"""Hydra's composition without two things that take much of its time and change nothing.

OmegaConf reads YAML with PyYAML's Python parser, where libyaml's is several times as quick; and
Hydra copies all schemas of its store. Both are put back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import _utils

_OMEGACONF = _utils.get_yaml_loader


@contextmanager
def quick_composition() -> Iterator[None]:
    """Compose quickly within; what is composed is the same."""
    loader = _utils.get_yaml_loader
    copies = ConfigStore.__dict__.get("__deepcopy__")
    if yaml.__with_libyaml__:
        _utils.get_yaml_loader = _quick_loader
    ConfigStore.__deepcopy__ = lambda store, memo: store  # type: ignore[attr-defined]
    try:
        yield
    finally:
        _utils.get_yaml_loader = loader
        if copies is None:
            del ConfigStore.__deepcopy__  # type: ignore[attr-defined]
        else:
            ConfigStore.__deepcopy__ = copies  # type: ignore[attr-defined]


@cache
def _quick_loader() -> Any:
    """OmegaConf's loader, its rules and its own constructors, on libyaml's parser."""
    known = _OMEGACONF()

    class Loader(yaml.CSafeLoader):
        yaml_implicit_resolvers = known.yaml_implicit_resolvers
        yaml_constructors = known.yaml_constructors

        def __init__(self, stream: Any) -> None:
            super().__init__(stream)
            self._stream = stream

        def get_single_data(self) -> Any:
            """The document; a mistake in it is worded by PyYAML's own parser."""
            try:
                return super().get_single_data()
            except yaml.YAMLError:
                if hasattr(self._stream, "seek"):
                    self._stream.seek(0)
                return known(self._stream).get_single_data()

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
            """As OmegaConf's, which refuses a key that is there twice."""
            keys = set()
            for key, _ in node.value:
                if key.tag != yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
                    continue
                if key.value in keys:
                    raise yaml.constructor.ConstructorError(
                        "while constructing a mapping",
                        node.start_mark,
                        f"found duplicate key {key.value}",
                        key.start_mark,
                    )
                keys.add(key.value)
            return super().construct_mapping(node, deep=deep)

    return Loader
