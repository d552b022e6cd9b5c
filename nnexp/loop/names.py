"""What the columns of a loop's inputs are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnexp.errors import UserError


def column_names(given: Any, x: Any, width: int) -> tuple[str, ...]:
    """The names of the inputs of a row: those given, a frame's own, or x0, x1, ...

    Arguments:
        given: of the user, or None.
        x: train inputs as the user gave them, such as a DataFrame.
        width: inputs of a row.

    Raises:
        UserError: there are other than `width` names, or two are the same.
    """
    own = getattr(x, "columns", None) if given is None else given
    if own is None:
        return tuple(f"x{place}" for place in range(width))
    several = isinstance(own, Iterable) and not isinstance(own, str)
    names = tuple(str(one) for one in own) if several else ()
    if len(names) == width and len(set(names)) == width:
        return names
    if given is None:  # a frame may name two columns alike
        return tuple(f"x{place}" for place in range(width))
    count = len(set(names))
    raise UserError(
        f"columns= has {count} different names, and a row of X has {width} inputs",
        "a name for each input, in their order",
        "columns=list(frame.columns)",
    )
