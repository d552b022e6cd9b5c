"""Several values typed for a key that takes one, as if that were a sweep: which one was meant."""

from __future__ import annotations

import re
from difflib import get_close_matches

from nnexp.config.shell import shell

_FUNCTIONS = ("range", "choice", "interval", "glob", "shuffle", "sort", "tag")
_LIST = re.compile(r"[\[({]([^\[\](){}]*)[\])}]")
_SPAN = re.compile(r"(-?\d+)(?:-|\.\.\.?|:)(-?\d+)")
_CALL = re.compile(r"([A-Za-z_]+)(\(.*\))")


def several(name: str, value: str, whole: bool = False) -> str | None:
    """The words that sweep over what was typed; None where one value was meant.

    >>> several("reg.l2", "[0,0.01]"), several("seed", "0-4", whole=True)
    ('-m reg.l2=0,0.01', "-m 'seed=range(0,5)'")
    >>> several("seed", "rnage(3)"), several("reg.l2", "0.1;0.2"), several("reg.l2", "0,,1")
    ("-m 'seed=range(3)'", '-m reg.l2=0.1,0.2', '-m reg.l2=0,1')
    >>> several("reg.l2", "abc")

    Arguments:
        name: the key.
        value: as it was typed after the `=`.
        whole: whether it takes whole numbers, of which a span like 0-4 can be meant.
    """
    text = value.strip()
    meant = None
    if found := _LIST.fullmatch(text):
        meant = found[1]
    elif whole and (found := _SPAN.fullmatch(text)) and int(found[1]) < int(found[2]):
        meant = f"range({found[1]},{int(found[2]) + 1})"
    elif found := _CALL.fullmatch(text):
        near = get_close_matches(found[1].lower(), _FUNCTIONS, n=1, cutoff=0.7)
        meant = f"{near[0]}{found[2]}" if near and near[0] != found[1] else None
    elif ";" in text or ",," in text:
        meant = text.replace(";", ",")
    if meant is None:
        return None
    if not meant.startswith(_FUNCTIONS):
        items = [item.strip() for item in meant.split(",") if item.strip()]
        if len(items) < 2:
            return None
        meant = ",".join(items)
    return f"-m {shell(f'{name}={meant}')}"
