"""A run that is to be made, and one that has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnexp.config.contradictions.monitor import monitor_user
from nnexp.config.saved import config_text, overrides_text
from nnexp.config.schema.config import Config
from nnexp.data import Dataset
from nnexp.errors import UserError
from nnexp.track import folder as folders
from nnexp.track.history import HistoryFrame, read_history
from nnexp.track.status import write_status


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Arguments:
        status: `done`, `diverged` or `interrupted`.
        reason: why it ended before its last epoch; None where it did not.
        folder: its files; `nnexp.load(folder)` predicts with its weights.
        metrics: the content of metrics.json.
        epochs: epochs completed.
    """

    status: str
    reason: str | None
    folder: Path
    metrics: dict[str, Any]
    epochs: int = 0

    @property
    def history(self) -> HistoryFrame:
        """history.csv as a DataFrame; `history.plot()` draws the learning curves."""
        return read_history(self.folder)


@dataclass(frozen=True)
class Task:
    """A run to be made.

    Arguments:
        config: its checked configuration.
        folder: an existing folder that holds no other run.
        overrides: what the user typed, for the record.
        command: the whole command line, for the record.
        log: writes a line, as `logging.Logger.info`, to the run's log.
        columns: the keys that the runs of its sweep set, which TensorBoard shows in all of them.
    """

    config: Config
    folder: Path
    overrides: Sequence[str] = ()
    command: Sequence[str] = ()
    log: Callable[..., None] = field(default=lambda *words: None)
    columns: Sequence[str] = ()


def begin_run(task: Task) -> None:
    """Write what is known of a run before it starts: configuration, overrides, status."""
    # what begins is worth no wait: where a run waits for the disk, it is the manifest that does
    folders.write_text(task.folder / "config.yaml", config_text(task.config), sync=False)
    overrides = overrides_text(task.overrides)
    folders.write_text(task.folder / "overrides.yaml", overrides, sync=False)
    # last: a folder with a status is a run, and has to say of what
    write_status(task.folder, "running", sync=False)


def check_parts(config: Config, dataset: Dataset) -> None:
    """Refuse a run that would be judged by validation rows where there are none."""
    by_validation = config.trainer.monitor.startswith("val_")
    if len(dataset.valid) == 0 and by_validation and monitor_user(config) is not None:
        raise UserError(
            f"trainer.monitor={config.trainer.monitor}, and no row is left for validation",
            "validation rows (data.split.valid, or valid in the split column), or train_loss or "
            "train_accuracy",
            "trainer.monitor=train_loss",
        )
