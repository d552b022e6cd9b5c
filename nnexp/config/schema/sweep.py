"""The keys of `sweep`."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from nnexp.config.schema.option import option

SWEEPS = ("grid", "lr", "lambda", "optimizers", "scaling", "seeds", "random", "halving", "optuna")


@dataclass
class SweepConfig:
    """How `-m` makes and runs its jobs; no part of a run's own configuration."""

    name: str = option("grid", "a sweep kept as a file in conf/sweep/")
    method: str = option(
        "grid",
        "every combination, n drawn at random, successive halving, or Optuna's proposals",
        choices=("grid", "random", "halving", "optuna"),
    )
    params: Any = option(
        None,
        "key -> values, as typed after -m; of several such mappings each is a sweep of its own",
        accepts="null or a mapping or a list of mappings",
    )
    zip: Any = option(
        [],
        "keys whose values go together, the first with the first, instead of being crossed; "
        "a list of such lists for several",
        accepts="a list of texts or a list of lists of texts",
    )
    n: Optional[int] = option(
        None,
        "configurations to try, each with all seeds and folds: of random, halving, optuna; null "
        "for the whole grid",
        ge=1,
    )
    seed: int = option(0, "of what random, halving and optuna draw", ge=0)
    factor: int = option(3, "halving: one of so many goes on", ge=2)
    min_epochs: int = option(1, "halving: epochs before the first are left behind", ge=1)
    sampler: str = option("tpe", "optuna: its sampler", choices=("tpe", "gp", "qmc", "random"))
    batch: int = option(16, "optuna: configurations asked for at a time, one stack", ge=1)
    processes: Any = option(
        "auto",
        "stacks in training at a time; auto for one a core",
        accepts="auto or a whole number",
        ge=1,
    )
    memory: Any = option(
        "auto",
        "GiB for all members in training; auto for half of what is free",
        accepts="auto or a number",
        gt=0,
        le=1_000_000,
    )
    on_error: str = option(
        "continue", "when a job fails: go on, or begin no further one", choices=("continue", "stop")
    )
    dry_run: bool = option(False, "show the jobs, the stacks and what they take; run nothing")
    resume: Optional[str] = option(
        None, "the folder of a sweep of which to run what is missing; or: nnexp resume FOLDER"
    )
    report: bool = option(True, "write report.html at the end")
