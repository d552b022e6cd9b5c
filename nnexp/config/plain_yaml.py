"""YAML that holds plain data and nothing else: no interpolation, alias, tag or object.

What is read may be a stranger's, so its depth, its values and their length are bounded as well.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

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


class _Loader(yaml.SafeLoader):
    """Texts, numbers, truth values and null, as `config_text` writes them, and nothing else.

    Numbers in base 60, which take quadratic time, are texts.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
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


_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern, _first in (
    ("null", r"null", "n"),
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
):
    _tag = f"tag:yaml.org,2002:{_kind}"
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_whole)
