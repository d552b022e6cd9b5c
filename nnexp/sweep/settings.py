"""The `sweep` part of a composed configuration, checked."""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from nnexp.config.check import check_section
from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError

# what is about running a sweep, and not about what its jobs are
RUNNING = ("processes", "memory", "on_error", "dry_run", "report")


def settings_of(config: DictConfig) -> SweepConfig:
    """How to sweep.

    Arguments:
        config: as Hydra composed it for the whole sweep.

    Raises:
        UserError: a value that is not allowed.
    """
    settings = OmegaConf.to_object(config.sweep)
    if not isinstance(settings, SweepConfig):
        raise UserError(
            "the chosen file of conf/sweep has no schema",
            "a file that begins with `defaults: [schema_grid, _self_]`",
            "sweep=grid",
        )
    check_section(settings, "sweep")
    if settings.method in ("random", "optuna") and settings.n is None:
        raise UserError(
            f"sweep.method={settings.method} without a number of configurations",
            "sweep.n is how many to try",
            "sweep.n=50",
        )
    return settings


def is_about_sweep(word: str) -> bool:
    """Whether an override says how to sweep."""
    name = word.lstrip("+~").partition("=")[0]
    return name == "sweep" or name.startswith("sweep.")
