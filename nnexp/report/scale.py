"""Axes: where a value lies along one, and which ticks it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nnexp.leaderboard.words import setting

FAR = 1e300  # numbers beyond it are put here
DECADE = 10.0  # positive values that span more are shown by their logarithms
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DEEPEST = 1e6  # scores below this share of the largest, and ...
SMALL = 1e-6  # ... below this, lie at the end of the axis
MOST_TICKS = 10  # values that each have a tick; more have even ones
ZERO = 0.16  # share of a logarithmic axis that is set aside for 0
CROWDED = 0.3  # share of an even axis below which half of the values must lie for logarithms


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place as a share of the length, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """An axis.

    Arguments:
        place: value -> share of the axis, 0 at its beginning and 1 at its end; NaN for what has
            no place.
        ticks: in order.
        gap: share at which a logarithmic axis is broken, between 0 and the rest; None for none.
    """

    place: Callable[[float], float]
    ticks: list[Tick]
    gap: float | None = None


def linear_scale(low: float, high: float, about: int = 5, whole: bool = False) -> Scale:
    """An even axis from `low` to `high`, with ticks at 1, 2 or 5 times a power of ten.

    Arguments:
        low, high: finite, low <= high.
        about: how many ticks there should be.
        whole: ticks are whole numbers.
    """
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    step = _step(high - low, about)
    step = max(step, 1.0) if whole else step
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def place(value: float) -> float:
        return (value - low) / (high - low) if math.isfinite(value) else math.nan

    ticks = [Tick(place(n * step), _tick_text(n * step, decimals)) for n in numbers]
    return Scale(place, ticks)


def epochs(low: float, high: float) -> Scale:
    """The axis of some epochs, with ticks at whole ones and at the first.

    Arguments:
        low, high: finite, low <= high.
    """
    if low == high:
        return swept([low])
    axis = linear_scale(low, high, whole=True)
    begins = [Tick(0.0, f"{low:.0f}")] if axis.ticks and axis.ticks[0].at > 0 else []
    return Scale(axis.place, [*begins, *axis.ticks])


def logarithmic(low: float, high: float) -> Scale:
    """An axis of logarithms from `low` to `high`, ticks at powers of ten, and between few of them.

    Arguments:
        low, high: 0 < low <= high, finite.
    """
    if low == high:
        low, high = low / 2, high * 2
    first, last = math.log10(low), math.log10(high)

    def place(value: float) -> float:
        if not (math.isfinite(value) and value > 0):
            return math.nan
        return (math.log10(value) - first) / (last - first)

    exponents = range(math.floor(first), math.ceil(last) + 1)
    if last - first <= 3.5:
        between = (1, 2, 5) if last - first <= 2 else (1, 3)
        values = [m * 10.0**e for e in exponents for m in between]
        ticks = [Tick(place(v), setting(float(f"{v:.1g}"))) for v in values if _within(place(v))]
    else:
        every = math.ceil((last - first) / 6)
        powers = [e for e in exponents if e % every == 0 and _within(place(10.0**e))]
        ticks = [Tick(place(10.0**e), _power_text(e)) for e in powers]
    return Scale(place, ticks)


def score_scale(values: Iterable[float], bounded: bool = False) -> Scale:
    """The axis of some losses or accuracies: logarithmic where they span more than a decade.

    Arguments:
        values: those that are not finite are ignored. On an axis of logarithms, 0 has a place of
            its own, and what is below a millionth, and that of the largest, lies at the lower end.
        bounded: they are shares between 0 and 1, on an even axis that hardly goes beyond.
    """
    finite = [_tame(v) for v in values if math.isfinite(v)]
    if not finite:
        return linear_scale(0, 1)
    low, high = min(finite), max(finite)
    bounded = bounded and low >= 0 and high <= 1
    if not bounded and low >= 0 and high > 0:
        least = min(v for v in finite if v > 0 and v >= min(high / DEEPEST, SMALL))
        if high > DECADE * least:
            logs = logarithmic(_bound(least, up=False), _bound(high, up=True))
            start = 0.12 if low == 0 else 0.0  # zeros have a place of their own

            def place(value: float) -> float:
                if value <= 0:  # what is hardly below 0 is among the zeros
                    return 0.0
                return start + (1 - start) * (0 if 0 < value < least else logs.place(value))

            zero = [Tick(0.0, "0")] if low == 0 else []
            return Scale(
                place, [*zero, *(Tick(start + (1 - start) * t.at, t.label) for t in logs.ticks)]
            )
    room = (high - low or abs(high) * 0.1 or 1.0) * 0.05
    if bounded:
        room = max(room, 0.005)
        return linear_scale(max(low - room, 0.0 - room / 2), min(high + room, 1.0 + room / 2))
    return linear_scale(low - room if low < 0 or low > room else low - room / 2, high + room)


def swept(values: Iterable[float]) -> Scale:
    """The axis of the numbers that were tried, with a tick at each that has room for its label.

    Logarithmic where the positive ones span more than a decade and half of them would crowd at
    the lower end of an even axis; 0 then has a place of its own before them, beyond a gap. Two
    values are put at the quarters.

    Arguments:
        values: finite; one distinct value at least.
    """
    tried = sorted({_tame(value) for value in values})
    inner: Scale
    if len(tried) == 1:
        inner = Scale(lambda v: 0.5 if v == tried[0] else math.nan, [])
        return Scale(inner.place, _labelled(tried, inner))
    positive = [v for v in tried if v > 0]
    if len(tried) == 2:
        low, high = tried
        inner = linear_scale(low - (high - low) / 2, high + (high - low) / 2)
        return Scale(inner.place, _labelled(tried, inner))
    if tried[0] >= 0 and _crowded(positive):
        logs = logarithmic(positive[0], positive[-1])
        start = ZERO + 0.04 if tried[0] == 0 else 0.05

        def place(value: float) -> float:
            return (
                0.05 if value == 0 and start > 0.05 else start + (0.95 - start) * logs.place(value)
            )

        inner = Scale(place, [], (0.05 + start) / 2 if start > 0.05 else None)
        if len(tried) > MOST_TICKS:
            generic = [Tick(place(10.0**e), _power_text(e)) for e in _powers(positive)]
            zero = [Tick(place(0.0), "0")] if inner.gap is not None else []
            return Scale(place, [*zero, *generic], inner.gap)
        return Scale(place, _labelled(tried, inner), inner.gap)
    even = linear_scale(tried[0], tried[-1])
    inner = Scale(lambda v: 0.05 + 0.9 * even.place(v), [])
    if len(tried) > MOST_TICKS:
        return Scale(inner.place, [Tick(0.05 + 0.9 * t.at, t.label) for t in even.ticks])
    return Scale(inner.place, _labelled(tried, inner))


def _tame(value: float) -> float:
    """A number whose differences and powers are floats, too."""
    return 0.0 if abs(value) < 1 / FAR else min(max(value, -FAR), FAR)


def _crowded(positive: Sequence[float]) -> bool:
    """Whether logarithms show positive numbers, in order, better than an even axis does."""
    middle = positive[(len(positive) - 1) // 2]
    return positive[-1] >= DECADE * positive[0] and middle <= CROWDED * positive[-1]


def ordered(labels: Sequence[str]) -> Scale:
    """An axis of places in order, from 0 to 1, for `place(0)`, `place(1)`, ..."""
    last = max(len(labels) - 1, 1)

    def place(index: float) -> float:
        return index / last if len(labels) > 1 else 0.5

    return Scale(place, [Tick(place(i), label) for i, label in enumerate(labels)])


def _labelled(values: Sequence[float], scale: Scale) -> list[Tick]:
    return [Tick(scale.place(value), setting(value)) for value in values]


def _step(span: float, about: int) -> float:
    """1, 2 or 5 times a power of ten, of which a span has about so many and one more ends."""
    power = 10.0 ** (math.floor(math.log10(span)) - 1)
    steps = [m * power for m in (1, 2, 5, 10, 20, 50)]
    return min(steps, key=lambda step: abs(span / step + 1 - about))


def _bound(value: float, up: bool) -> float:
    """The nearest of 1, 2, 5 times a power of ten beyond a value."""
    power = 10.0 ** math.floor(math.log10(value))
    bounds = [m * power for m in (1, 2, 5, 10)]
    if up:
        return next(bound for bound in bounds if bound >= value * (1 - 1e-9))
    return next(bound for bound in reversed(bounds) if bound <= value * (1 + 1e-9))


def _within(share: float) -> bool:
    return -1e-9 <= share <= 1 + 1e-9


def _tick_text(value: float, decimals: int) -> str:
    if abs(value) >= 1e6 or decimals > 9:
        return setting(float(f"{value:.4g}")).replace("-", "−")
    return f"{value:.{decimals}f}".replace("-", "−") if value else "0"


def _powers(values: Sequence[float]) -> list[int]:
    """The powers of ten between the least and the largest of some positive numbers."""
    low, high = math.log10(values[0]), math.log10(values[-1])
    return list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))


def _power_text(exponent: int) -> str:
    """A power of ten: as it is from 0.001 to 1000, `10⁻⁶` beyond."""
    if abs(exponent) <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(SUPERSCRIPTS)
