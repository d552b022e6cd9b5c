"""Whether a sweep that is resumed by its command still has all of its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig

from nnexp.config.flags import parted
from nnexp.config.held import held
from nnexp.config.many import compose_many
from nnexp.config.schema.config import Config
from nnexp.config.translate import translate
from nnexp.config.typed import may_run_code
from nnexp.errors import UserError
from nnexp.runs.jobs import content_id
from nnexp.sweep.draw import jobs_of
from nnexp.sweep.record import kept, read_record
from nnexp.sweep.settings import RUNNING, is_about_sweep, settings_of
from nnexp.sweep.space import spaces

# of a search that asks as it goes on, these change how many jobs it has or how they are run
_FREE = ("sweep.n", *(f"sweep.{key}" for key in RUNNING))


def check_covers(folder: Path, hydra_context: HydraContext, arguments: Sequence[str]) -> None:
    """Refuse words that leave out jobs of a sweep: its record would forget them.

    Arguments:
        folder: the sweep's.
        hydra_context: as Hydra gives it to a sweeper.
        arguments: what was typed, flags included.

    Raises:
        UserError: a job of the recorded words is none of the typed ones.
    """
    try:
        recorded = read_record(folder, trust=True)
    except UserError:  # from before there was a record, or a damaged one
        return
    typed = kept(arguments)
    if sorted(recorded) == sorted(typed):
        return
    # what may run code is composed only where it was just typed, too
    lost = next((word for word in recorded if may_run_code(word) and word not in typed), None)
    if lost is None:
        lost = _lost(recorded, typed, hydra_context.config_loader)
    if lost is not None:
        raise UserError(
            f"the sweep in {str(folder)!r} has jobs that these words lack, as {lost}",
            "the words of the sweep, which may have further values; or nnexp resume, which knows "
            "the words",
            f"nnexp resume {quote(str(folder))}",
        )


def _lost(recorded: Sequence[str], typed: Sequence[str], loader: Any) -> str | None:
    """A job of the recorded words that is none of the typed ones, by its own words."""
    old, new = (_jobs(words, loader) for words in (recorded, typed))
    if old is None or new is None:
        left = [word for word in recorded if word.partition("=")[0] not in _FREE]
        return next((word for word in left if word not in typed), None)
    known = {content_id(config) for _, config in new if config is not None}
    for words, config in old:
        if config is not None and content_id(config) not in known:
            return " ".join(words) or "the one of the defaults"
    return None


def _jobs(arguments: Sequence[str], loader: Any) -> list[tuple[list[str], Config | None]] | None:
    """The jobs of some words, each with its configuration, if it has one; None for a search that
    asks as it goes on.
    """
    overrides, _ = parted(arguments)
    back = held(overrides)
    whole = [word for word in overrides if word not in back]
    try:
        config = loader.load_configuration("config", whole, RunMode.MULTIRUN)
    except Exception as error:
        raise translate(error, overrides) from error
    settings = settings_of(config)
    if settings.method == "optuna":
        return None
    words = [word for word in overrides if not is_about_sweep(word)]
    jobs = jobs_of(spaces(words, settings.params, settings.zip), settings)

    def load(own: list[str]) -> DictConfig:
        made: DictConfig = loader.load_sweep_config(config, own)
        return made

    wanted = [[word for word in own if not is_about_sweep(word)] for own in jobs]
    composed = compose_many(load, wanted, ([word for word in words if word not in back], config))
    return [
        (own, found if isinstance(found, Config) else None)
        for own, found in zip(wanted, composed, strict=True)
    ]
