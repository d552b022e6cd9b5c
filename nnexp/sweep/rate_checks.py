"""What a range test cannot do, said before anything is trained."""

from __future__ import annotations

import math
import os
from pathlib import Path
from shlex import quote

from nnexp.config.schema.config import Config
from nnexp.errors import UserError
from nnexp.near import near
from nnexp.sweep.rate_words import Asked

START, STOP = 1e-6, 10.0
PER_DECADE = 4  # rates, where the user gives no number
SEEDS = 3
MOST = 10_000  # runs


def check_root(root: Path) -> None:
    """Refuse a place where no folder can be made, before hours are spent on what goes there."""
    there = next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    shown, what = quote(str(near(there))), "not yours to write" if there.is_dir() else "no folder"
    raise UserError(
        f"{str(root)!r} cannot be made: {shown} is {what}",
        "a folder that is yours to write",
        f"chmod u+rwx {shown}" if there.is_dir() else f"mv -n {shown} {shown}.old",
    )


def check_range(
    start: float, stop: float, rates: int | None, epochs: int | None, seeds: int, asked: Asked
) -> int:
    """The number of rates.

    Raises:
        UserError: an option is out of range.
    """
    if not (0 < start < stop < math.inf):
        ends = (stop, start) if 0 < stop < start < math.inf else (START, STOP)
        raise UserError(
            asked.shown(start=start, stop=stop),
            "learning rates above 0, the lower end first",
            asked.again(start=ends[0], stop=ends[1]),
        )
    decades = math.log10(stop / start)
    count = max(5, round(PER_DECADE * decades) + 1) if rates is None else rates
    given = (("rates", count, 3, 5), ("epochs", epochs, 1, 5), ("seeds", seeds, 1, SEEDS))
    for name, value, least, usual in given:
        if value is not None and value < least:
            wrong, remedy = asked.shown(**{name: value}), asked.again(**{name: usual})
            raise UserError(wrong, f"{least} or more", remedy)
    if count * seeds > MOST:
        raise UserError(
            f"{count} rates with {seeds} seeds each are {count * seeds} runs",
            f"at most {MOST} runs",
            asked.again(rates=min(count, 50), seeds=min(seeds, 10)),
        )
    return count


def check_config(config: Config, asked: Asked) -> None:
    """Refuse a run that climbs: it has no least loss."""
    climbs = None
    if config.optimizer.maximize:
        climbs = "optimizer.maximize=true", "optimizer.maximize=false"
    elif config.loss.scale < 0:
        climbs = f"loss.scale={config.loss.scale:g}", "loss.scale=1"
    if climbs is not None:
        raise UserError(
            f"{climbs[0]} climbs the loss, and lr-find looks for the least",
            "a loss that is to fall",
            asked.again(climbs[1]),
        )
