"""Whether what the jobs of a search go by is there, and can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nnexp.config.saved import flat
from nnexp.config.schema.config import Config
from nnexp.data import Dataset
from nnexp.errors import UserError
from nnexp.leaderboard.ranking import incomparable
from nnexp.scores import is_loss
from nnexp.sweep.space import Axis, Space


def check_comparable(configs: Sequence[Config], method: str) -> None:
    """Refuse a search whose jobs monitor different scores, or losses that measure different things.

    Arguments:
        configs: of its jobs.
        method: `halving` or `optuna`, for the message.

    Raises:
        UserError: the monitored values of two jobs cannot be compared.
    """
    monitors = list(dict.fromkeys(config.trainer.monitor for config in configs))
    if len(monitors) > 1:
        chosen = next((own for own in monitors if not is_loss(own)), monitors[0])
        raise UserError(
            f"{method} compares what jobs monitor, and trainer.monitor differs: "
            f"{', '.join(monitors)}",
            "one trainer.monitor for all jobs",
            f"trainer.monitor={chosen}",
        )
    if not any(map(is_loss, monitors)):
        return
    keys = incomparable([flat(config) for config in configs])
    if keys:
        raise UserError(
            f"{method} compares losses, and {', '.join(keys)} changes what a loss measures",
            "trainer.monitor=val_accuracy, which can be compared; or one loss",
            "trainer.monitor=val_accuracy",
        )


def check_rows(jobs: Iterable[tuple[Config, Dataset]], method: str) -> None:
    """Refuse a search that goes by validation rows where a table has none.

    Optuna goes by the validation score, whatever is monitored.

    Arguments:
        jobs: each with its table.
        method: `halving` or `optuna`.

    Raises:
        UserError: the first job for which that is so.
    """
    for config, dataset in jobs:
        monitor = config.trainer.monitor
        if len(dataset.valid) or (method == "halving" and not monitor.startswith("val_")):
            continue
        split = config.data.split
        given, allowed = "data.split.valid=0", "data.split.valid > 0"
        if split.method == "column":
            given, allowed = f"the split column {split.by!r}", "rows that are named valid"
        by, remedy = "validation scores", "data.split.valid=0.2"
        if method == "halving":
            by = f"trainer.monitor={monitor}"
            allowed += ", or trainer.monitor is train_loss or train_accuracy"
            remedy = f"trainer.monitor={monitor.replace('val_', 'train_')}"
        raise UserError(
            f"sweep.method={method} goes by {by}, and {given} leaves no validation rows",
            allowed,
            remedy,
        )


def one_at_a_time(space: Space) -> list[list[str]]:
    """The first job of a block, and for each further value of an axis one that differs in it alone.

    An interval has its two ends; seeds and folds keep their first values.

    >>> from nnexp.sweep.space import spaces
    >>> one_at_a_time(spaces(["loss=mse,hinge", "optimizer.lr=interval(1,2)"])[0])[1:]
    [['loss=hinge', 'optimizer.lr=1.0'], ['loss=mse', 'optimizer.lr=2.0']]
    """
    values = [_values(axis) for axis in space.axes]
    first = [own[0] for own in values]
    jobs = [space.job(first)]
    for place, own in enumerate(values):
        jobs += [space.job([*first[:place], step, *first[place + 1 :]]) for step in own[1:]]
    return jobs


def _values(axis: Axis) -> Sequence[tuple[str, ...]]:
    if axis.interval is not None:
        return axis.word(axis.interval.low), axis.word(axis.interval.high)
    return axis.values[:1] if axis.repeats else axis.values
