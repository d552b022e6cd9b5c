"""YAML that holds plain data and nothing else: no interpolation, alias, tag or object.

What is read may be a stranger's, so its depth, its values and their length are bounded as well.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from nnexp.calls import is_text
from nnexp.config.bounds import DEEPEST, DIGITS, LONGEST, MOST


def parse(text: str, longest: int = LONGEST) -> Any:
    """What a text holds: dicts, lists, texts, numbers, truth values and None.

    Arguments:
        text: the YAML.
        longest: characters that a value may have.

    Raises:
        yaml.YAMLError: it is no YAML, or holds something else, or too much.
        RecursionError: it is nested so deep that it cannot be read.
    """
    loader = _Loader(text)
    loader.longest = longest
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


class _Bounded(Composer, SafeConstructor, Resolver):
    """Texts, numbers, truth values and null, as `config_text` writes them, and nothing else.

    Numbers in base 60, which take quadratic time, are texts.
    """

    peek_event: Any  # of the parser

    def __init__(self) -> None:
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self.depth = self.values = 0
        self.longest = LONGEST

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        self.depth += 1
        self.values += 1
        if event.anchor is not None:
            raise yaml.YAMLError("it holds aliases")
        if event.tag is not None:
            raise yaml.YAMLError("it holds tags")
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested deeper than {DEEPEST} levels")
        if self.values > MOST:
            raise yaml.YAMLError(f"it holds more than {MOST} values")
        if len(getattr(event, "value", "")) > self.longest:
            raise yaml.YAMLError(f"it holds a value of more than {self.longest} characters")
        if not is_text(getattr(event, "value", "")):
            raise yaml.YAMLError("it holds half of a surrogate pair")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_whole(self, node: Any) -> int:
        if len(node.value.lstrip("+-")) > DIGITS:
            raise yaml.YAMLError(f"it holds a whole number of more than {DIGITS} digits")
        return int(node.value)


class _InPython(_Bounded, Reader, Scanner, Parser):
    """By the events of PyYAML itself."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _Bounded.__init__(self)


_Loader: Any = _InPython
if yaml.__with_libyaml__:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class _InC(_Bounded, CParser):
        """By those of libyaml, several times as fast."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _Bounded.__init__(self)

    _Loader = _InC

_Bounded.yaml_implicit_resolvers = {}
for _kind, _pattern, _first in (
    ("null", r"null", "n"),
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
):
    _tag = f"tag:yaml.org,2002:{_kind}"
    _Bounded.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Bounded.add_constructor("tag:yaml.org,2002:int", _Bounded.construct_whole)  # type: ignore
