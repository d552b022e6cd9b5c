"""Hydra's composition without what takes much of its time and changes nothing.

OmegaConf reads and writes YAML with PyYAML's Python code, where libyaml's is several times as
quick, and parses an interpolation anew each time it meets it. Hydra parses words that were parsed
before, gathers the choices for interpolations of every list of defaults, of which hardly one has
any, and copies all schemas of its store. All are put back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any

import yaml
from hydra._internal import defaults_list
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, _utils, base, grammar_parser, omegaconf

from nnexp.config.grammar import PARSE_RULE, parse

_CHOICES = defaults_list._create_interpolation_map
_NONE = DictConfig({})
_OMEGACONF, _DUMPER = _utils.get_yaml_loader, _utils.get_omega_conf_dumper
_interpolation = lru_cache(maxsize=512)(grammar_parser.parse)  # its trees are read, never changed


@contextmanager
def quick_composition() -> Iterator[None]:
    """Compose quickly within; what is composed is the same."""
    copies = ConfigStore.__dict__.get("__deepcopy__")
    quick = [
        (_utils, "parse", _interpolation),
        (base, "parse", _interpolation),
        (OverridesParser, "parse_rule", _parse_rule),
        (defaults_list, "_create_interpolation_map", _choices),
    ]
    if yaml.__with_libyaml__:
        quick.append((_utils, "get_yaml_loader", _quick_loader))
        quick.append((omegaconf, "get_omega_conf_dumper", _quick_dumper))
    usual = [(where, name, getattr(where, name)) for where, name, _ in quick]
    for where, name, own in quick:
        setattr(where, name, own)
    ConfigStore.__deepcopy__ = lambda store, memo: store  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for where, name, own in usual:
            setattr(where, name, own)
        if copies is None:
            del ConfigStore.__deepcopy__  # type: ignore[attr-defined]
        else:
            ConfigStore.__deepcopy__ = copies  # type: ignore[attr-defined]


def _choices(overrides: Any, defaults: list[Any], self_added: bool) -> DictConfig:
    """What interpolations among some defaults may name; nothing where there are none."""
    if any(not own.is_self() and own.is_interpolation() for own in defaults):
        return _CHOICES(overrides, defaults, self_added)
    return _NONE


def _parse_rule(parser: OverridesParser, text: str, rule: str) -> Any:
    """As Hydra's; an override that was parsed before is copied."""
    if rule != "override" or type(parser) is not OverridesParser:
        return PARSE_RULE(parser, text, rule)
    return deepcopy(parse(text))


@cache
def _quick_dumper() -> Any:
    """OmegaConf's dumper, its rules and its own representations, on libyaml's emitter."""
    known = _DUMPER()

    class Dumper(yaml.CDumper):
        yaml_implicit_resolvers = known.yaml_implicit_resolvers
        yaml_representers = known.yaml_representers
        yaml_multi_representers = known.yaml_multi_representers

    return Dumper


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
