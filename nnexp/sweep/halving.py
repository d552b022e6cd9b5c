"""Successive halving: many start, and again and again only the best are trained on.

Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
optimization", section 3, with a reduction by `factor` as in Hyperband (Li et al. 2018). All
members of a rung are compared at the same epoch, so the outcome does not depend on how they were
spread over stacks and processes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnexp.config.contradictions.monitor import monitor_lacks_rows
from nnexp.config.saved import flat
from nnexp.errors import UserError
from nnexp.leaderboard.grouping import is_repetition
from nnexp.leaderboard.records import HALVED
from nnexp.runs.jobs import Job
from nnexp.scores import sign
from nnexp.sweep.comparable import check_comparable
from nnexp.sweep.execute import Execution
from nnexp.track.history import read_history


def rungs(epochs: int, factor: int, least: int) -> list[int]:
    """The epochs after which members are compared: `least`, `least * factor`, ... below `epochs`.

    Arguments:
        epochs: of a whole run.
        factor: one of so many goes on, >= 2.
        least: epochs of the first rung, >= 1.
    """
    found, rung = [], least
    while rung < epochs:
        found.append(rung)
        rung *= factor
    return found


def halve(execution: Execution, finished: Sequence[Job], factor: int, least: int) -> None:
    """Train the jobs of an execution by successive halving.

    Configurations are compared by their monitored value, best so far, on average over seeds and
    folds; all repetitions of a configuration go on or stop together. One of `factor` goes on.

    Arguments:
        execution: its jobs, not begun.
        finished: jobs of the same sweep that were finished before, which are compared too.
        factor, least: see `rungs`.
    """
    jobs = execution.jobs
    alive = {place for place, job in enumerate(jobs) if job.status == "running"}
    others = list(finished)
    epochs = max((job.config.trainer.epochs for job in [*jobs, *others] if job.config), default=1)
    first = True
    standing: dict[str, list[Job]] = {}
    for job in [*(jobs[place] for place in sorted(alive)), *others]:
        standing.setdefault(_configuration(job), []).append(job)
    for rung in rungs(epochs, factor, least):
        execution.run(until=rung, parked=None if first else alive)
        first = False
        if execution.stopped:
            return
        values = {key: _value(own, rung) for key, own in standing.items()}
        ranked = sorted(standing, key=lambda key: (values[key], key))
        kept = set(ranked[: max(1, math.ceil(len(ranked) / factor))])
        weak = []
        for place, job in enumerate(jobs):
            if job.status == "parked" and _configuration(job) not in kept:
                position = ranked.index(_configuration(job)) + 1
                job.reason = f"{HALVED} {rung}: {position} of {len(ranked)}"
                weak.append(place)
        standing = {key: standing[key] for key in kept}
        execution.end(weak)
        if execution.stopped:
            return
        alive = {place for place, job in enumerate(jobs) if job.status == "parked"}
    execution.run(parked=None if first else alive)


def check_losses(jobs: Sequence[Job]) -> None:
    """Refuse to halve by scores that cannot be compared, or by none.

    Raises:
        UserError: the jobs differ in what they monitor or in what their monitored loss measures,
            or a job has no validation rows and is monitored by them.
    """
    configs = [job.config for job in jobs if job.config is not None]
    for config in configs:
        if (blind := monitor_lacks_rows(config, "sweep.method=halving")) is not None:
            raise blind
    check_comparable(configs, "halving")


def _configuration(job: Job) -> str:
    """All values of a job's configuration but those that only repeat it."""
    assert job.config is not None
    values = flat(job.config)
    return repr(sorted((k, repr(v)) for k, v in values.items() if not is_repetition(k)))


def _value(jobs: Sequence[Job], rung: int) -> float:
    """The mean of the jobs' best monitored values up to an epoch; lower is better."""
    found = []
    for job in jobs:
        assert job.config is not None
        monitor = job.config.trainer.monitor
        try:
            frame = read_history(job.folder)
        except UserError:
            return math.inf
        if job.status in ("diverged", "failed") and frame["epoch"].max() <= rung:
            return math.inf
        values = sign(monitor) * frame[monitor].to_numpy()[frame["epoch"].to_numpy() <= rung]
        values = values[np.isfinite(values)]
        found.append(float(values.min()) if len(values) else math.inf)
    return float(np.mean(found))
