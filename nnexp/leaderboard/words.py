"""Numbers, settings and texts of strangers, as the leaderboard shows them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from nnexp.config.keys import literal
from nnexp.lines import one_line

TITLES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
}
PARTS = {"val": "validation", "test": "test"}


def number(value: float | None) -> str:
    """Four decimals where they say something, three digits elsewhere; `-` for no number."""
    if value is None or not math.isfinite(value):
        return "-"
    size = abs(value)
    return f"{value:.4f}" if size == 0 or 1e-3 <= size < 1e3 else f"{value:.3g}"


def setting(value: Any) -> str:
    """A value of a configuration as it may be typed, the shortest way: `1e7`, `[64,64]`."""
    if isinstance(value, float):
        return _shortest(value)
    if isinstance(value, list):
        return f"[{','.join(map(setting, value))}]"
    return one_line(literal(value))


def short_settings(values: Sequence[Any]) -> Iterator[str]:
    """Settings of one column: drawn numbers with four digits, where those tell them apart."""
    rounded = [float(f"{value:.4g}") if isinstance(value, float) else value for value in values]
    exact = list(map(setting, values))
    short = list(map(setting, rounded))
    return iter(short if len(set(short)) == len(set(exact)) else exact)


def _shortest(value: float) -> str:
    """`0` for 0.0, `1e-5` for 1e-05, `1e7` for 10000000.0; what is read back is the same number."""
    text = repr(value).removesuffix(".0")
    if len(text) > 6 and math.isfinite(value):
        for places in range(17):
            digits, _, exponent = f"{value:.{places}e}".partition("e")
            if float(f"{digits}e{exponent}") == value:
                break
        power = f"{digits}e{int(exponent)}"
        text = power if len(power) < len(text) else text
    head, _, exponent = text.partition("e")
    return f"{head}e{int(exponent)}" if exponent else text


def settings(values: dict[str, Any], names: dict[str, str]) -> str:
    """`lr=0.01 hidden=[64]`, by the short names of the keys."""
    return " ".join(f"{names[key]}={setting(value)}" for key, value in values.items())


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The shortest ends of dotted keys that tell them apart: `optimizer.lr` -> `lr`.

    `optimizer.name` is `optimizer`.
    """
    names = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[i:]) for i in range(len(parts) - 1, -1, -1)]
        if parts[-1] == "name" and len(parts) > 1:
            ends = [".".join(parts[:-1])]
        others = [other for other in keys if other != key]
        names[key] = next(
            (e for e in ends if not any(o == e or o.endswith("." + e) for o in others)), key
        )
    return {key: one_line(name) for key, name in names.items()}


def plural(count: int, word: str, many: str | None = None) -> str:
    """`1 run`, `2 runs`; `many` where the plural takes no s."""
    return f"{count} {word if count == 1 else many or word + 's'}"


def score_title(score: str) -> str:
    """`val_loss` -> `validation loss`."""
    part, _, name = score.partition("_")
    return f"{PARTS[part]} {TITLES[name]}"
