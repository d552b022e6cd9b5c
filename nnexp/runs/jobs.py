"""A job of a command: one run, its place in the sweep, and how it stands."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.config.saved import config_text
from nnexp.config.schema.config import Config
from nnexp.errors import UserError
from nnexp.files import has_room
from nnexp.near import near
from nnexp.scores import sign
from nnexp.track.folder import MULTIRUN_FILE, SWEEP_FILE

if TYPE_CHECKING:
    from nnexp.data import Dataset


@dataclass
class Job:
    """One run of a command.

    Arguments:
        number: its number in the sweep; None for a single run.
        folder: where its files go.
        overrides: what was typed for it.
        config: its configuration; None where it could not be made.
        status: `running` until it ends, then `done`, `diverged`, `failed` or `interrupted`;
            `planned` where it was not to be run.
        reason: why it did not end well; empty where it did.
        error: what it failed with, if anything.
        score: the monitored value of its kept weights; None before its end.
        adapt: gives the table that it trains on, from the one of its configuration; None for that
            one.
        metrics: the content of metrics.json of a run that leaves no files and has ended.
    """

    number: int | None
    folder: Path
    overrides: list[str]
    config: Config | None = field(default=None, repr=False)
    status: str = "running"
    reason: str = ""
    error: Exception | None = None
    score: float | None = None
    adapt: Callable[[Dataset], Dataset] | None = field(default=None, repr=False)
    metrics: dict[str, Any] | None = field(default=None, repr=False)

    def fail(self, error: Exception) -> None:
        """Note what it failed with."""
        self.status, self.error = "failed", error
        wrong = error.wrong if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self.reason = " ".join(wrong.split())


def content_id(config: Config) -> str:
    """What tells two configurations apart: the SHA-256 (hex) of all of their values."""
    return hashlib.sha256(config_text(config).encode()).hexdigest()


def score_of(config: Config, metrics: dict) -> float | None:
    """The monitored validation score in the content of metrics.json, or None.

    Where train rows are monitored it is the validation score of the same name.
    """
    part = metrics.get("val") or {}
    value = part.get(validation_score(config)[0].removeprefix("val_"))
    return None if value is None else float(value)


def validation_score(config: Config) -> tuple[str, float]:
    """The score that a run is judged by while it trains, and the sign with which less is better.

    That is what it monitors; where that is a score of train rows, the validation score of the same
    name.
    """
    monitor = config.trainer.monitor
    return "val_" + monitor.partition("_")[2], sign(monitor)


def check_alone(folder: Path) -> None:
    """Refuse a folder that other runs are in: all below it would count as one run."""
    below = next(
        (path for level in ("*", "*/*") for path in folder.glob(f"{level}/status.json")), None
    )
    if below is not None:
        raise UserError(
            f"{str(folder)!r} has runs in it, such as {below.parent.name!r}",
            "a folder of its own for a run",
            f"hydra.run.dir={folder / 'mine'}",
        )


class TakenError(UserError):
    """A folder is another run's, and nothing in it is to be touched."""


def taken(folder: Path, sweep: bool, own: bool) -> TakenError:
    """The error for a folder that holds a run already, in a sweep perhaps one of its `own`."""
    key, remedy = "hydra.run.dir", "hydra.run.dir=outputs/another"
    if sweep:
        key, remedy = "hydra.sweep.dir", "hydra.sweep.dir=outputs/another"
    if own:
        key, remedy = "hydra.sweep.subdir", "'hydra.sweep.subdir=${hydra.job.num}'"
    return TakenError(
        f"{str(folder)!r} holds a run already",
        f"every run has a folder of its own; without {key} it gets a new one",
        remedy,
    )


def misplaced(folder: Path) -> UserError:
    """The error for a folder of a job that is the sweep's own, above it, or elsewhere."""
    return UserError(
        f"the job's folder {str(folder)!r} is not in that of the sweep",
        "a folder for each job, in that of the sweep",
        "'hydra.sweep.subdir=${hydra.job.num}'",
    )


def occupied(folder: Path) -> UserError:
    """The error for a folder of a job that holds what is of no run."""
    return UserError(
        f"{str(folder)!r} holds what is not of this sweep",
        "a sweep makes the folders of its runs, and clears them where a run is begun again",
        "hydra.sweep.dir=outputs/another",
    )


def sweep_of(folder: Path) -> Path | None:
    """The sweep that a run's folder is in, if any."""
    for parent in folder.absolute().parents[:3]:
        if (parent / SWEEP_FILE).is_file() and (parent / MULTIRUN_FILE).is_file():
            return near(parent)
    return None


def full_disk(folder: Path) -> tuple[str, str]:
    """What to say of a run that a full disk has ended, and what goes on with it once there is room.

    Of a run that has not begun there is nothing to go on with: the command is then empty.
    """
    name = str(near(folder.absolute()))
    why = f"the disk of {name!r} is full"
    if folder.is_dir() and has_room(folder):
        why = f"what the output goes to is full; the run is in {name!r}"
    begun = (folder / "status.json").is_file() and (folder / "config.yaml").is_file()
    return why, resume_command(folder) if begun else ""


def resume_command(folder: Path) -> str:
    """The command that goes on with a run, or with the sweep that it is part of."""
    return shlex.join(["nnexp", "resume", str(sweep_of(folder) or near(folder.absolute()))])
