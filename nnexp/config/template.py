"""A composed configuration of which copies with other values are made, without composing them.

A value is converted by the node of the tree that it would be laid on, so that a copy is what Hydra
and OmegaConf would have made of the overrides.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, Node, ValueNode

from nnexp.config.check import check_settings
from nnexp.config.misplaced import check_single
from nnexp.config.schema.config import Config
from nnexp.config.tree import to_config


class Template:
    """What `filled` makes copies of.

    Arguments:
        tree: composed by Hydra, without its `hydra` node.

    Raises:
        UserError: it is no configuration that can be run, as it stands.
        ValueError: a value of it depends on another (`${...}`).
    """

    def __init__(self, tree: DictConfig) -> None:
        if any(node._is_interpolation() for node in _nodes(tree)):
            raise ValueError("values depend on each other")
        self._tree = tree
        self._pickled = pickle.dumps(to_config(tree))
        self._leaves: dict[str, ValueNode] = {}

    def filled(self, values: Sequence[Override], words: Sequence[str]) -> Config:
        """A checked configuration with other values.

        Arguments:
            values: for single keys; the last of a key holds.
            words: all overrides, as they were typed.

        Raises:
            UserError: a value is out of range, or settings contradict each other.
            ValueError: one that is no plain value of a key in the tree.
            omegaconf.errors.OmegaConfBaseException: a value has not the key's type.
        """
        config: Config = pickle.loads(self._pickled)
        for override in values:
            path, value = override.key_or_group, override.value()
            plain = value is None or isinstance(value, bool | int | float | str)
            if not plain or (isinstance(value, str) and ("${" in value or value == "???")):
                raise ValueError(f"{path}: no plain value")
            *sections, name = path.split(".")
            owner: Any = config
            for section in sections:
                owner = getattr(owner, section)
            setattr(owner, name, self._leaf(path).validate_and_convert(value))
        check_single(words)
        check_settings(config, [override.key_or_group for override in values])
        return config

    def _leaf(self, path: str) -> ValueNode:
        if path not in self._leaves:
            node: Node | None = self._tree
            for name in path.split("."):
                node = node._get_node(name) if isinstance(node, DictConfig) else None
            if not isinstance(node, ValueNode):
                raise ValueError(f"{path}: no single key")
            self._leaves[path] = node
        return self._leaves[path]


def _nodes(node: Node | None) -> Iterator[Node]:
    """A node and all below it."""
    if node is None:
        return
    yield node
    if isinstance(node, DictConfig | ListConfig) and not node._is_none():
        keys: Iterable[Any] = range(len(node)) if isinstance(node, ListConfig) else node
        for key in () if node._is_interpolation() else keys:
            yield from _nodes(node._get_node(key))  # type: ignore[arg-type]
