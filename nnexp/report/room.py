"""Which labels have room side by side, and where those go that have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.report.scale import Tick

NARROW = 270  # pixels of the narrowest plot, a phone's
LETTER = 7  # pixels, a generous mean at the size of tick labels
APART = 6  # pixels between two labels, at least
BEYOND = 11  # pixels that a centred label may go beyond the ends of its axis


@dataclass(frozen=True)
class Label:
    """A tick that is labelled, and the side of the label that lies at it: an SVG `text-anchor`."""

    tick: Tick
    anchor: str


def with_room(ticks: Sequence[Tick], width: float = NARROW, inside: bool = False) -> list[Label]:
    """The ticks whose labels do not touch where they are written side by side.

    The first and the last come first; labels are centred at their ticks.

    Arguments:
        ticks: in order.
        width: of the axis in pixels.
        inside: no label goes beyond the ends of the axis: one that would is put beside its tick.
    """
    kept: list[tuple[float, float, Label]] = []
    for tick in [*ticks[:1], *ticks[-1:][: len(ticks) - 1], *ticks[1:-1]]:
        at, size = tick.at * width, len(tick.label) * LETTER
        anchor = "middle"
        if inside and at < size / 2:
            anchor = "start"
        elif inside and at > width - size / 2:
            anchor = "end"
        left = at - {"start": 0.0, "middle": size / 2, "end": size}[anchor]
        if all(left + size + APART <= a or b + APART <= left for a, b, _ in kept):
            kept.append((left, left + size, Label(tick, anchor)))
    return [label for *_, label in sorted(kept, key=lambda item: item[0])]


def centred(ticks: Sequence[Tick], width: float = NARROW) -> list[Label]:
    """Each tick, or every second, third, ..., whose labels are centred at their ticks, do not touch
    and hardly go beyond the ends; `with_room` inside where fewer than two are left.

    Arguments:
        ticks: in order, at even distances.
        width: of the axis in pixels.
    """
    whole = []
    for tick in ticks:
        over = len(tick.label) * LETTER / 2 - BEYOND
        if over <= tick.at * width <= width - over:
            whole.append(tick)
    for every in range(1, len(whole)):
        chosen = whole[::every]
        labels = with_room(chosen, width)
        if len(labels) == len(chosen) > 1:
            return labels
    return with_room(ticks, width, inside=True)


def stacked(ticks: Sequence[Tick], width: float = NARROW) -> list[tuple[Label, int]]:
    """Where the labels of some ticks go so that all are shown and none touch: each in the lowest
    line, counted from 0, that has room for it.

    Arguments:
        ticks: in any order; no label goes beyond the ends of the axis.
        width: of the axis in pixels.
    """
    lines: list[list[Tick]] = []
    found = []
    for tick in sorted(ticks, key=lambda tick: tick.at):
        for line in lines:
            if len(with_room([*line, tick], width, inside=True)) > len(line):
                line.append(tick)
                break
        else:
            line = [tick]
            lines.append(line)
        (label,) = with_room([tick], width, inside=True)
        found.append((label, next(i for i, own in enumerate(lines) if own is line)))
    return found
