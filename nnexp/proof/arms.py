"""Arms of an experiment: one configuration with several seeds, all arms trained together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nnexp.config.schema.config import Config
from nnexp.data import Dataset
from nnexp.data.cache import Tables
from nnexp.errors import UserError
from nnexp.runs.jobs import Job
from nnexp.sweep.display import Display
from nnexp.sweep.execute import Execution
from nnexp.track.manifest import read_manifest


@dataclass
class Arm:
    """Runs with one set of changes, and what `train_arms` found of them.

    Arguments:
        config: theirs, but for the seed.
        changed: what tells the arm from others.
        adapt: gives the table that they train on, from the one of the configuration; None for
            that one.
        accuracies, balanced: accuracy and balanced accuracy of the validation rows for each seed;
            NaN where a run came to no score.
        rows: that validate.
        judges: the rows of the table that validated in any of its runs, and the class of each.
        ratio: validation rows over train rows where its runs differ in their split; else 0.
        weighted: whether the run that is proven weights its classes, by what it is then judged.
    """

    config: Config
    changed: tuple[int, ...] = ()
    adapt: Callable[[Dataset], Dataset] | None = None
    accuracies: list[float] = field(default_factory=list)
    balanced: list[float] = field(default_factory=list)
    rows: int = 0
    judges: dict[int, int] = field(default_factory=dict)
    ratio: float = 0.0
    weighted: bool = False


def train_arms(
    arms: Sequence[Arm],
    seeds: Sequence[int],
    splits: Sequence[int] | None = None,
    tables: Tables | None = None,
) -> int:
    """Train all arms with all seeds, what can be as one stack, and note their scores.

    No run leaves any file.

    Arguments:
        arms: whose lists of scores are filled, a value for each seed.
        seeds: added to the seed of the configuration.
        splits: for each seed what is added to the seed of the rows that validate; None for the one
            split of the configuration. The rows that test stay the same: nothing is learnt of them.
        tables: where datasets that are made already are kept; None to make them.

    Returns:
        How many runs there were: arms of equal configurations share theirs.
    """
    jobs: list[Job] = []
    owners: list[list[Arm]] = []
    for alike in _alike(arms):
        for seed, split in zip(seeds, splits or [0] * len(seeds), strict=True):
            config = member_config(alike[0].config, seed, split)
            jobs.append(Job(len(jobs), Path(), [], config, adapt=alike[0].adapt))
            owners.append(alike)
    execution = Execution(jobs, shown=Display(jobs, 1, "none"), tables=tables, files=False)
    execution.run()
    if execution.interrupted:
        raise KeyboardInterrupt
    for place, (job, alike) in enumerate(zip(jobs, owners, strict=True)):
        for arm in alike:
            _note(job, arm)
            if place in execution.datasets:
                dataset = execution.datasets[place]
                arm.judges |= _judges(dataset)
                if splits is not None and len({*splits}) > 1:
                    arm.ratio = len(dataset.valid) / len(dataset.train)
    return len(jobs)


def _judges(dataset: Dataset) -> dict[int, int]:
    """The rows of the table that validate, and the class of each."""
    rows = dataset.valid
    return dict(zip(dataset.rows[rows].tolist(), dataset.y[rows].tolist(), strict=True))


def _alike(arms: Sequence[Arm]) -> list[list[Arm]]:
    """The arms, those that would train the same runs together."""
    groups: list[list[Arm]] = []
    for arm in arms:
        for group in groups:
            if group[0].adapt is arm.adapt and group[0].config == arm.config:
                group.append(arm)
                break
        else:
            groups.append([arm])
    return groups


def member_config(config: Config, seed: int, split: int = 0) -> Config:
    """The configuration of the run of one seed and one split, numbers to be added to its own."""
    return replace(
        config,
        seed=config.seed + seed,
        seeds=replace(
            config.seeds,
            valid=config.seeds.of_split[1] + split,
            init=None,
            batches=None,
            dropout=None,
        ),
        trainer=replace(config.trainer, tensorboard=False, watch=False, progress="none"),
    )


def member_seconds(folder: str | Path) -> float:
    """About how long a member of a stack takes, by what the run of a folder took alone."""
    try:
        return 0.5 * float(read_manifest(Path(folder))["duration"])
    except (UserError, KeyError, TypeError, ValueError):
        return 0.5


def cost(config: Config, base: Config) -> float:
    """About how much longer than another a run takes, by its epochs, steps and widths."""
    wide, usual = (sum(getattr(c.model, "hidden", None) or [1]) for c in (config, base))
    steps = base.trainer.batch_size / config.trainer.batch_size
    epochs = config.trainer.epochs / base.trainer.epochs
    return epochs * max(1.0, wide / usual) * max(1.0, steps)


def _note(job: Job, arm: Arm) -> None:
    accuracy = balanced = float("nan")
    part = None if job.metrics is None else job.metrics["val"]
    if part is not None:
        accuracy = float(part["accuracy"])
        balanced = float(part["balanced_accuracy"])
        arm.rows = int(part["n"])
    arm.accuracies.append(accuracy)
    arm.balanced.append(balanced)
