"""The two files of a fitted preprocessing: written whole, and read with suspicion."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.sentinel import Sentinel
from nnexp.data.categories import Category
from nnexp.data.numeric import NumericBlock, transform_blocks
from nnexp.data.state import Arrays, DamagedError, from_plain, to_plain
from nnexp.data.written import AUTO
from nnexp.errors import UserError
from nnexp.files import open_tensors, read_regular, write_bytes

FORMAT = 1
STATE_FILE, ARRAYS_FILE = "preprocess.json", "preprocess.safetensors"
LARGEST_STATE = 64 << 20  # bytes of JSON: beyond any table's vocabulary
LARGEST_ARRAYS = 1 << 30  # bytes: the rows of knn in float64 are the most that is kept


def encode_fields(fields: dict[str, Any]) -> dict[str, bytes]:
    """The files of a Preprocessor's fields; the same fields give the same bytes.

    Arguments:
        fields: names, positions, options, categories and blocks by their names.

    Returns:
        Name -> content, in the order in which they are to be written.
    """
    from safetensors.numpy import save

    arrays: Arrays = {}
    state: dict[str, Any] = {"format": FORMAT}
    for name, value in fields.items():
        if name in ("blocks", "ordinal"):
            state[name] = _blocks_to_plain(value, arrays, name)
        elif name == "categories":
            state[name] = [dataclasses.asdict(category) for category in value]
        else:
            state[name] = list(value) if isinstance(value, tuple) else value
    text = json.dumps(state, indent=1, allow_nan=False)
    return {ARRAYS_FILE: save(arrays), STATE_FILE: text.encode()}


def write_fields(folder: Path, files: dict[str, bytes]) -> None:
    """Write what `encode_fields` gave into an existing folder."""
    for name, data in files.items():
        write_bytes(folder / name, data, sync=False)  # the manifest waits for all files


def read_fields(folder: Path) -> dict[str, Any]:
    """Read what `encode_fields` made; nothing in the files can run or name code.

    Raises:
        UserError: the files are missing, damaged, or of another format.
    """
    try:
        return _read(folder)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise _damaged(folder, problem) from problem
    except (IndexError, RecursionError, MemoryError, OverflowError) as problem:
        raise _damaged(folder, problem) from problem


def _read(folder: Path) -> dict[str, Any]:
    text = read_regular(folder / STATE_FILE, LARGEST_STATE)
    state = json.loads(text, parse_constant=_no_constant)
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else None
        raise DamagedError(f"format {str(found)[:20]} where {FORMAT} is read")
    with open_tensors(folder / ARRAYS_FILE, LARGEST_ARRAYS) as stored:
        # copied, to be aligned and writable
        arrays = {name: stored.get_tensor(name).copy() for name in stored.keys()}  # noqa: SIM118
    numeric = _names(state["numeric"])
    fitted = tuple(_category(item) for item in state["categories"])
    names = [*numeric, *(category.name for category in fitted)]
    if len(set(names)) < len(names):
        raise DamagedError("a column named twice")
    for key in ("missing", "encoding", "decimal"):
        if state.get(key, AUTO) not in DataConfig.__dataclass_fields__[key].metadata["choices"]:
            raise DamagedError(f"{key}={str(state[key])[:20]!r}")
    ordinal_width = len(fitted) if state["encoding"] == "ordinal" else 0
    return dict(
        numeric=numeric,
        blocks=_blocks_from_plain(state["blocks"], arrays, len(numeric)),
        indicators=_places(state["indicators"], len(numeric)),
        embedded=_places(state["embedded"], len(numeric)),
        categories=fitted,
        ordinal=_blocks_from_plain(state["ordinal"], arrays, ordinal_width),
        missing=state["missing"],
        encoding=state["encoding"],
        tokens=_names(state["tokens"]),
        # older runs have none of these
        sentinels=_sentinels(state.get("sentinels", []), set(names)),
        decimal=state.get("decimal", AUTO),
        commas=_names(state.get("commas", [])),
    )


def _blocks_to_plain(blocks: tuple[NumericBlock, ...], arrays: Arrays, path: str) -> list[Any]:
    return [
        {
            "start": block.start,
            "stop": block.stop,
            "steps": to_plain(list(block.steps), arrays, f"{path}.{place}"),
        }
        for place, block in enumerate(blocks)
    ]


def _blocks_from_plain(plain: Any, arrays: Arrays, width: int) -> tuple[NumericBlock, ...]:
    blocks = []
    end = 0
    for item in plain:
        start, stop = item["start"], item["stop"]
        steps = from_plain(item["steps"], arrays)
        if not (type(start) is int and type(stop) is int and start == end < stop <= width):
            raise DamagedError(f"a block of columns {str(start)[:20]} to {str(stop)[:20]}")
        if not isinstance(steps, list) or not all(hasattr(step, "transform") for step in steps):
            raise DamagedError("a step that transforms nothing")
        block = NumericBlock(start, stop, tuple(steps))
        _try_block(block)
        blocks.append(block)
        end = stop
    if end != width:
        raise DamagedError(f"transformers for {end} of {width} columns")
    return tuple(blocks)


def _try_block(block: NumericBlock) -> None:
    # Shapes that do not fit each other or the columns show up here rather than in a prediction.
    width = block.stop - block.start
    columns = [np.array([0.0, np.nan])] * width
    out = np.empty((2, width), dtype=np.float32)
    transform_blocks([NumericBlock(0, width, block.steps)], columns, np.arange(2), out)
    if not np.isfinite(out[0]).all():
        raise DamagedError("transformers that turn 0 into no number")


def _category(item: Any) -> Category:
    if type(item["name"]) is not str or type(item["missing"]) is not bool:
        raise DamagedError("a category without a name")
    return Category(item["name"], _names(item["levels"]), _names(item["merged"]), item["missing"])


def _names(items: Any) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise DamagedError("names that are no texts")
    return tuple(items)


def _sentinels(items: Any, names: set[str]) -> tuple[Sentinel, ...]:
    if not isinstance(items, list):
        raise DamagedError("sentinels that are no list")
    for name, number in items:
        if name not in names or type(number) is not float or not math.isfinite(number):
            raise DamagedError(f"a sentinel {str(number)[:20]} of {str(name)[:20]!r}")
    return tuple(Sentinel(name, number) for name, number in items)


def _places(items: Any, width: int) -> tuple[int, ...]:
    if not isinstance(items, list) or not all(
        type(item) is int and 0 <= item < width for item in items
    ):
        raise DamagedError("positions outside the columns")
    return tuple(items)


def _no_constant(name: str) -> Any:
    raise DamagedError(f"a number {name}")


def _damaged(folder: Path, problem: BaseException) -> UserError:
    reason = (str(problem).splitlines() or [type(problem).__name__])[0]
    return UserError(
        f"the preprocessing in {str(folder)!r} cannot be read: {reason or type(problem).__name__}",
        f"a folder with {STATE_FILE} and {ARRAYS_FILE} as a run wrote them",
        "ls outputs",
    )
