"""What a run's epochs and its end are recorded in: history.csv and TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnexp.config.saved import config_text
from nnexp.config.schema.config import Config
from nnexp.runs.hparams import hparams
from nnexp.runs.scoring import ScoredPart
from nnexp.track.history import SIGNALS_FILE, History
from nnexp.track.markdown import code_block
from nnexp.train.outcome import Epoch, Outcome
from nnexp.train.signals import Signals

HISTOGRAM_EPOCHS = 20  # about so many epochs have weight histograms
METRICS = tuple(
    f"hparam/{part}_{score}"
    for part in ("val", "test")
    for score in ("loss", "accuracy", "balanced_accuracy", "auc")
)


class Recording:
    """The history and the board of one member of a stack.

    Arguments:
        config: its configuration.
        folder: its run folder.
        overrides: what the user typed.
        columns: keys that other runs of its sweep set.
        layers: names of the weight matrices.
        resumed: the last epoch that is recorded already; None for a new run.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        overrides: Sequence[str],
        columns: Sequence[str],
        layers: Sequence[str],
        resumed: int | None = None,
    ) -> None:
        self.config, self.layers = config, layers
        self.history = History(folder, keep=resumed)
        self.signals = History(folder, resumed, SIGNALS_FILE, ("epoch",))
        self._columns = self.signals.columns
        self.board: Any = None
        self.hparams: dict[str, Any] = {}
        self.spacing = math.ceil(config.trainer.epochs / HISTOGRAM_EPOCHS)
        if not config.trainer.tensorboard:
            return
        from nnexp.track.board import Board

        self.hparams = hparams(config, overrides, columns)
        self.board = Board(folder, None if resumed is None else resumed + 1)
        if resumed is None:
            self.board.text("config", code_block(config_text(config)))
            self.board.text("overrides", code_block("\n".join(overrides) or "none"))
            self.board.hparams(self.hparams, dict.fromkeys(METRICS), status="running")

    def epoch(self, epoch: Epoch, place: int) -> None:
        """Record an epoch.

        Arguments:
            epoch: what it showed of the stack.
            place: the member's place among those still in the stack.
        """
        row = epoch_row(epoch, place)
        self.history.append(row)
        if self.board is None:
            return
        for layer, norm, ratio in zip(
            self.layers, epoch.gradient_norm[place], epoch.update_ratio[place], strict=True
        ):
            row[f"gradient_norm/{layer}"], row[f"update_ratio/{layer}"] = norm, ratio
        row["gradient_norm/all"] = row.pop("gradient_norm")
        values = {}
        if epoch.number == 1 or epoch.number % self.spacing == 0:
            for layer in self.layers:
                weights = epoch.weights(epoch.members[place], layer)
                values[f"weights/{layer}"] = weights.float().numpy()
        self.board.epoch(row, values)

    def watched(self, seen: Signals, place: int) -> None:
        """Record the signals of some epochs.

        Arguments:
            seen: what was seen of the stack.
            place: the member's place in the stack.
        """
        if not seen.epochs:
            return
        if self._columns is None:
            self._columns = sorted(seen.values, key=_order)
        own = {name: seen.values[name][:, place] for name in self._columns if name in seen.values}
        self.signals.append_columns({"epoch": seen.epochs, **dict.fromkeys(self._columns), **own})

    def scores(
        self,
        outcome: Outcome,
        classes: Sequence[Any],
        parts: Mapping[str, ScoredPart | None],
        metrics: Mapping[str, Any],
    ) -> None:
        """Record the kept weights' confusion matrices and scores.

        Arguments:
            outcome: how the run ended.
            classes: the labels in index order.
            parts: `val` and `test`, each what the weights do there, or None.
            metrics: the content of metrics.json.
        """
        if self.board is None:
            return
        best = outcome.best_epoch
        for name, part in parts.items():
            if part is not None:
                title = f"{name}, epoch {best}"
                self.board.confusion(best, f"confusion/{name}", part.confusion, classes, title)
        values = {}
        for tag in METRICS:
            part_name, _, score = tag.removeprefix("hparam/").partition("_")
            values[tag] = (metrics[part_name] or {}).get(score)
        self.board.hparams(self.hparams, values, status=outcome.status, step=best)

    def close(self) -> None:
        """End the recording; a second call does nothing."""
        if self.board is not None:
            self.board.close()


def epoch_row(epoch: Epoch, place: int) -> dict[str, Any]:
    """One member's row of history.csv."""
    row: dict[str, Any] = {"epoch": epoch.number}
    row.update({name: float(values[place]) for name, values in epoch.record.items()})
    return row


def _order(name: str) -> tuple[int, str]:
    """Validation first, then the slice, then what each layer has."""
    kinds = ("val_", "slice_", "dead", "saturated", "weight_norm", "gradient_norm", "update_ratio")
    return next(place for place, kind in enumerate(kinds) if name.startswith(kind)), ""
