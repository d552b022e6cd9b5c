"""Values in Hydra's grammar that would not be what was meant: ranges among values, unknown tags."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
    Sweep,
)

from nnexp.config.keys import literal
from nnexp.config.shell import shell
from nnexp.errors import UserError

MOST = 20  # values that are written out
LOG = "log"


def check_values(override: Override) -> None:
    """Refuse what Hydra reads and no sweep can run as it is meant.

    Arguments:
        override: of a key, of one value or of several.

    Raises:
        UserError: a range, an interval or a choice among values with commas; a tag other than
            that of an interval on a logarithmic scale.
    """
    value = override.value()
    if not isinstance(value, Sweep):
        return
    word, key = override.input_line or "", override.get_key_element()
    inner = next((own for own in _items(value) if isinstance(own, Sweep)), None)
    if inner is not None:
        raise UserError(
            f"{word}: {_name(inner)} stands alone, not among other values",
            "values with commas, or one range(...), interval(...) or choice(...)",
            shell(f"{key}={_drawn(inner)}")
            if isinstance(inner, IntervalSweep)
            else _written_out(key, value),
        )
    tags = sorted(map(str, value.tags or ()))
    if isinstance(value, IntervalSweep):
        if tags not in ([], [LOG]):
            raise UserError(
                f"{word}: tag({','.join(tags)},...) names no scale",
                "the one tag is log, for a logarithmic scale; without a tag the scale is linear",
                shell(f"{key}=tag({LOG},{_drawn(value)})"),
            )
    elif tags:
        raise UserError(
            f"{word}: values written out have no scale, and take no tag",
            "values with commas; tag(log,interval(a,b)) draws on a logarithmic scale",
            _written_out(key, value),
        )


def _items(value: Sweep) -> list[Any]:
    return list(value.list or ()) if isinstance(value, ChoiceSweep) else []


def _name(inner: Sweep) -> str:
    if isinstance(inner, RangeSweep):
        return "range(...)"
    return "interval(...)" if isinstance(inner, IntervalSweep) else "choice(...)"


def _drawn(value: IntervalSweep) -> str:
    """An interval as it is typed, of whole numbers where its ends are whole ones."""
    drawn = f"interval({literal(value.start)},{literal(value.end)})"
    whole = isinstance(value.start, int) and isinstance(value.end, int)
    return f"int({drawn})" if whole else drawn


def _written_out(key: str, value: Sweep) -> str:
    """`seed=0,1,5`; some range where the values are more than can be written out."""
    found = list(itertools.islice(_written(value), MOST + 1))
    listed = ",".join(dict.fromkeys(found)) if len(found) <= MOST else "range(8)"
    return shell(f"{key}={listed}")


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, RangeSweep):
        if value.step and value.start is not None:
            yield from map(literal, value.range())
    elif isinstance(value, ChoiceSweep):
        for own in value.list or ():
            yield from _written(own)
    elif not isinstance(value, Sweep):
        yield literal(getattr(value, "text", value))
