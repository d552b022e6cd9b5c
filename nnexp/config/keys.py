"""An index of the schema: every key with its type, range and owner, and how values are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

from nnexp.config.schema.config import Config
from nnexp.config.schema.options import OPTIONS

# groups whose values live under another name: group -> package
PACKAGES = MappingProxyType({"regularizer": "reg"})

_PLAIN = re.compile(r"[A-Za-z0-9_/.%*@?|+-]+")  # what the command line takes without quotes
_WORDS = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "true or false"),
    str: ("text", "texts"),
}


@dataclass(frozen=True)
class Key:
    """One key of the schema.

    Arguments:
        path: the dotted name as typed, `optimizer.momentum`.
        hint: its type annotation.
        default: the schema's default.
        limits: the field's metadata: `help` and any of `ge`, `gt`, `le`, `lt`, `most`,
            `choices`, `accepts`.
        owner: the (group, option) that has the key, or None where every configuration has it.
    """

    path: str
    hint: Any
    default: Any
    limits: Mapping[str, Any]
    owner: tuple[str, str] | None = None

    @property
    def leaf(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def help(self) -> str:
        """The schema's line of help."""
        return str(self.limits["help"])

    @property
    def kind(self) -> str:
        """The type in words: `a whole number`, `a list of numbers or null`."""
        return str(self.limits.get("accepts") or describe_type(self.hint))

    @property
    def range(self) -> str:
        """The limits in words: `>= 0`, `>= 0 and < 1`, `one of mean, sum`; empty without any."""
        if "choices" in self.limits:
            return "one of " + ", ".join(self.limits["choices"])
        signs = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"), ("most", "no longer than"))
        return " and ".join(f"{s} {self.limits[n]}" for n, s in signs if n in self.limits)

    @property
    def allowed(self) -> str:
        """The whole rule in words: `reg.l2 is a number >= 0`."""
        if "choices" in self.limits:
            return f"{self.path} is {self.range}"
        words = f"{self.kind} {self.range}".rstrip()
        if self.kind.endswith(" or null") and self.range:
            words = f"{self.kind.removesuffix(' or null')} {self.range}, or null"
        return f"{self.path} is {words}"

    @property
    def is_list(self) -> bool:
        """Whether the key holds a list and nothing else."""
        return get_origin(unwrap(self.hint)[0]) is list

    @property
    def is_open(self) -> bool:
        """Whether the key is a mapping that takes names of the user's own (`model.args`)."""
        return get_origin(unwrap(self.hint)[0]) is dict


def unwrap(hint: Any) -> tuple[Any, bool]:
    """Split `Optional[X]` into X and whether None is allowed."""
    if get_origin(hint) is Union:
        inner = [a for a in get_args(hint) if a is not type(None)]
        return inner[0], True
    return hint, hint is Any


def describe_type(hint: Any) -> str:
    """A type annotation in words, with its article."""
    inner, optional = unwrap(hint)
    if get_origin(inner) is list:
        words = f"a list of {_WORDS[get_args(inner)[0]][1]}"
    elif get_origin(inner) is dict:
        words = "a mapping {name:value}"
    else:
        words = _WORDS[inner][0] if inner in _WORDS else "any value"
    return f"{words} or null" if optional and inner is not Any else words


def keys_of(schema: type, prefix: str = "", owner: tuple[str, str] | None = None) -> Iterator[Key]:
    """Every key of a dataclass, nested ones included, in the order of the schema.

    Arguments:
        schema: a dataclass of `nnexp.config.schema`.
        prefix: the dotted path it sits at, empty for the root.
        owner: the (group, option) recorded in each key.
    """
    hints = get_type_hints(schema)
    for item in fields(schema):
        path = f"{prefix}.{item.name}" if prefix else item.name
        if is_dataclass(hints[item.name]):
            yield from keys_of(hints[item.name], path, owner)
            continue
        default = item.default if item.default is not MISSING else None
        if item.default_factory is not MISSING:
            default = item.default_factory()
        yield Key(path, hints[item.name], default, item.metadata, owner)


@cache
def option_keys(group: str, option: str) -> tuple[Key, ...]:
    """The keys of one option of a group that has a schema of its own, as `optimizer`, `sgd`."""
    return tuple(keys_of(OPTIONS[group][option], group, (group, option)))


@cache
def common_keys() -> tuple[Key, ...]:
    """The keys that every configuration has, whatever is chosen in the groups."""
    return tuple(k for k in keys_of(Config) if k.path.partition(".")[0] not in OPTIONS)


@cache
def all_keys() -> tuple[Key, ...]:
    """Every key there is; one that several options have comes once for each."""
    owned = [
        k for group, options in OPTIONS.items() for o in options for k in option_keys(group, o)
    ]
    return (*common_keys(), *owned)


def literal(value: Any) -> str:
    """A value as it is typed on the command line: `null`, `true`, `[1,2]`, `0.01`, `text`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ",".join(literal(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{literal(v)}" for k, v in value.items()) + "}"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    """A text as it is typed: quoted where the command line would not read the same text."""
    if _PLAIN.fullmatch(value) and not _is_another_value(value):
        return value
    if any(not character.isprintable() and character not in "\t\u00a0" for character in value):
        return json.dumps(value)  # not to be typed, and not to reach a terminal as it is
    # within quotes a backslash is one, but for those before a quote, where it is a sign as well
    return '"' + re.sub(r'(\\*)("|\Z)', _escaped, value) + '"'


def _escaped(found: re.Match[str]) -> str:
    slashes, quote = found.groups()
    return slashes * 2 + ("\\" + quote if quote else "")


def _is_another_value(text: str) -> bool:
    """Whether the command line reads a number, a truth value or null."""
    if text.lower() in ("null", "true", "false"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
