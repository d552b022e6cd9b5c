"""What a run folder holds, as the page of the run shows it; nothing in it need be there."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.typed import read_typed
from nnexp.errors import UserError
from nnexp.leaderboard import Record, read_records
from nnexp.report.observations import LARGEST, Observations, number_of, numbers
from nnexp.track.folder import read_json
from nnexp.track.history import SIGNALS_FILE, read_signals

Columns = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class RunFolder:
    """A run as it is told.

    Arguments:
        record: its status, configuration and scores.
        overrides: what was typed, to be shown and not composed; None where that was not noted.
        history: `epoch` and columns of history.csv (epochs,), NaN for no finite number; empty
            without one.
        signals: all columns of signals.csv in the same form; the row of epoch 0 is before training.
        manifest: the content of manifest.json; empty without one.
    """

    record: Record
    overrides: Sequence[str] | None = None
    history: Columns = field(default_factory=dict)
    signals: Columns = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """The last epoch of the history; 0 without one."""
        return int(self.history["epoch"].max()) if len(self.history.get("epoch", ())) else 0

    @property
    def kept(self) -> int | None:
        """The epoch whose weights were kept, 0 for those before training; None where unknown."""
        best = (self.record.metrics or {}).get("best_epoch")
        return best if type(best) is int and 0 <= best <= self.epochs else None

    @property
    def diverged(self) -> int | None:
        """The epoch in which the run diverged; None where it did not."""
        return self.epochs or None if self.record.status == "diverged" else None

    def score(self, part: str, name: str) -> float | None:
        """A number of metrics.json; None where there is none.

        Arguments:
            part: `val` or `test`.
            name: `accuracy`, `loss_stderr`, `n`.
        """
        scores = (self.record.metrics or {}).get(part)
        return number_of(scores.get(name)) if isinstance(scores, Mapping) else None

    @property
    def class_rows(self) -> list[float]:
        """How many rows of the table each class has; empty where unknown."""
        data = self.manifest.get("data")
        classes = data.get("classes") if isinstance(data, Mapping) else None
        if not isinstance(classes, list):
            return []
        rows = [number_of(c.get("rows")) for c in classes if isinstance(c, Mapping)]
        return [count for count in rows if count is not None and count > 0]


def read_run_folder(folder: str | Path) -> RunFolder:
    """Read a run folder; a file that is missing or damaged is as none.

    Raises:
        UserError: it is no run folder.
    """
    folder = Path(folder)
    record = read_records([folder])[0]
    history: Columns = Observations().history(record)
    signals = _signals(folder)
    if record.status == "diverged":
        for part in ("val", "train"):
            history = _without_end(history, f"{part}_loss", (f"{part}_accuracy",))
        signals = _without_end(signals, "val_loss", tuple(signals))
    return RunFolder(record, read_typed(folder, trust=True), history, signals, _manifest(folder))


def _without_end(columns: Columns, loss: str, names: Sequence[str]) -> Columns:
    """Columns without what the last epoch made of outputs that were no numbers: NaN there."""
    if not len(columns.get(loss, ())) or np.isfinite(columns[loss][-1]):
        return columns
    found = dict(columns)
    for name in names:
        if name != "epoch" and name in found:
            found[name] = np.concatenate((found[name][:-1], [np.nan]))
    return found


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        content = read_json(folder / "manifest.json")
    except UserError:
        return {}
    return content if isinstance(content, dict) else {}


def _signals(folder: Path) -> Columns:
    try:
        found = (folder / SIGNALS_FILE).lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return {}
        frame = read_signals(folder)
    except (UserError, OSError, OverflowError):
        return {}
    return {str(name): numbers(frame[name].to_numpy()) for name in frame if frame.columns.is_unique}
