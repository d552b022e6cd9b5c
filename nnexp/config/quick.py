"""Hydra's composition without what takes much of its time and changes nothing.

OmegaConf reads YAML with PyYAML's Python parser, where libyaml's is several times as quick, and
parses an interpolation anew each time it meets it. Hydra parses words that were parsed before,
gathers the choices for interpolations of every list of defaults, of which hardly one has any, and
copies all schemas of its store. All are put back when nobody composes any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any

import yaml
from hydra._internal import defaults_list
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, _utils, base, grammar_parser

from nnexp.config.grammar import PARSE_RULE, parse

_CHOICES = defaults_list._create_interpolation_map
_NONE = DictConfig({})
_OMEGACONF = _utils.get_yaml_loader
_interpolation = lru_cache(maxsize=512)(grammar_parser.parse)  # its trees are read, never changed


_LOCK = threading.Lock()
_within: list[object] = []  # those who compose now, in whatever thread
_usual: list[tuple[Any, str, Any]] = []


@contextmanager
def quick_composition() -> Iterator[None]:
    """Compose quickly within; what is composed is the same."""
    token = object()
    with _LOCK:
        if not _within:
            _begin()
        _within.append(token)
    try:
        yield
    finally:
        with _LOCK:
            _within.remove(token)
            if not _within:
                _end()


def _begin() -> None:
    quick: list[tuple[Any, str, Any]] = [
        (_utils, "parse", _interpolation),
        (base, "parse", _interpolation),
        (OverridesParser, "parse_rule", _parse_rule),
        (defaults_list, "_create_interpolation_map", _choices),
        (ConfigStore, "__deepcopy__", lambda store, memo: store),
    ]
    if yaml.__with_libyaml__:
        quick.append((_utils, "get_yaml_loader", _quick_loader))
    for where, name, own in quick:
        _usual.append((where, name, vars(where).get(name)))
        setattr(where, name, own)


def _end() -> None:
    while _usual:
        where, name, own = _usual.pop()
        if own is None:
            delattr(where, name)
        else:
            setattr(where, name, own)


def quick_yaml(config: DictConfig) -> str:
    """What `OmegaConf.to_yaml` gives, but for where long and odd texts are folded and escaped."""
    content = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    try:
        return str(yaml.dump(content, Dumper=_quick_dumper(), allow_unicode=True, sort_keys=False))
    except UnicodeEncodeError:  # a path's stray byte
        return OmegaConf.to_yaml(config)


@cache
def _quick_dumper() -> Any:
    """OmegaConf's dumper, its rules and its own representations, on libyaml's emitter."""
    known = _utils.get_omega_conf_dumper()

    class Dumper(getattr(yaml, "CDumper", yaml.Dumper)):  # type: ignore[misc]
        yaml_implicit_resolvers = known.yaml_implicit_resolvers
        yaml_representers = known.yaml_representers
        yaml_multi_representers = known.yaml_multi_representers

    return Dumper


def _choices(overrides: Any, defaults: list[Any], self_added: bool) -> DictConfig:
    """What interpolations among some defaults may name; nothing where there are none."""
    if any(not own.is_self() and own.is_interpolation() for own in defaults):
        return _CHOICES(overrides, defaults, self_added)
    return _NONE


def _parse_rule(parser: OverridesParser, text: str, rule: str) -> Any:
    """As Hydra's; an override that was parsed before is copied, but for one that is drawn."""
    if rule != "override" or type(parser) is not OverridesParser or "shuffle" in text:
        return PARSE_RULE(parser, text, rule)
    return deepcopy(parse(text))


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
