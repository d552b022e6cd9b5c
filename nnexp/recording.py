"""What an epoch and its end are shown to: history.csv, the progress display, TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnexp.config.saved import config_text
from nnexp.config.schema import Config
from nnexp.hparams import hparams
from nnexp.scoring import Part
from nnexp.track.history import History
from nnexp.track.progress import make_progress
from nnexp.train.trainer import Epoch, Outcome

HISTOGRAM_EPOCHS = 20  # about so many epochs have weight histograms
METRICS = tuple(
    f"hparam/{part}_{score}"
    for part in ("val", "test")
    for score in ("loss", "accuracy", "balanced_accuracy", "auc")
)


@contextmanager
def recording(
    config: Config, folder: Path, overrides: Sequence[str], layers: Sequence[str]
) -> Iterator[tuple[Callable[[Epoch], None], Any]]:
    """What an epoch is shown to: history.csv, the progress display, TensorBoard (None if off)."""
    trainer = config.trainer
    history = History(folder)
    board = None
    if trainer.tensorboard:
        from nnexp.track.board import Board, code_block

        board = Board(folder)
        board.text("config", code_block(config_text(config)))
        board.text("overrides", code_block("\n".join(overrides) or "none"))
        board.hparams(hparams(config), dict.fromkeys(METRICS), status="running")
    progress = make_progress(trainer.progress, trainer.epochs, monitor=trainer.monitor)
    spacing = math.ceil(trainer.epochs / HISTOGRAM_EPOCHS)

    def observe(epoch: Epoch) -> None:
        row: dict[str, Any] = {"epoch": epoch.number}
        row.update({name: float(values[0]) for name, values in epoch.record.items()})
        history.append(row)
        progress.epoch(row)
        if board is None:
            return
        for layer, norm, ratio in zip(
            layers, epoch.gradient_norm[0], epoch.update_ratio[0], strict=True
        ):
            row[f"gradient_norm/{layer}"], row[f"update_ratio/{layer}"] = norm, ratio
        row["gradient_norm/all"] = row.pop("gradient_norm")
        board.epoch(row)
        if epoch.number == 1 or epoch.number % spacing == 0:
            for layer in layers:
                values = epoch.weights(0, layer).float().numpy()
                board.histogram(epoch.number, f"weights/{layer}", values)

    try:
        yield observe, board
    finally:
        progress.close()
        if board is not None:
            board.close()


def record_scores(
    board: Any,
    config: Config,
    outcome: Outcome,
    classes: Sequence[Any],
    parts: dict[str, Part | None],
    metrics: dict[str, Any],
) -> None:
    """Write the kept weights' confusion matrices and scores to TensorBoard.

    Arguments:
        board: the board that `recording` gave.
        config: the configuration, for the HPARAMS tab.
        outcome: how the run ended.
        classes: the labels in index order.
        parts: `val` and `test`, each what the weights do there, or None.
        metrics: the content of metrics.json.
    """
    for name, part in parts.items():
        if part is not None:
            title = f"{name}, epoch {outcome.best_epoch}"
            board.confusion(outcome.best_epoch, f"confusion/{name}", part.confusion, classes, title)
    values = {}
    for tag in METRICS:
        part_name, _, score = tag.removeprefix("hparam/").partition("_")
        values[tag] = (metrics[part_name] or {}).get(score)
    board.hparams(hparams(config), values, status=outcome.status, step=outcome.best_epoch)
