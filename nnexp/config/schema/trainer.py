"""The keys of `trainer`."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.config.schema.option import option


@dataclass
class TrainerConfig:
    epochs: int = option(50, "passes over the train rows", ge=1)
    batch_size: int = option(32, "rows in a step", ge=1)
    shuffle: bool = option(True, "a new row order every epoch")
    monitor: str = option(
        "val_loss",
        "what picks the best epoch and stops early",
        choices=("val_loss", "val_accuracy", "train_loss", "train_accuracy"),
    )
    checkpoint: str = option(
        "best", "the weights that are kept and scored", choices=("best", "last")
    )
    save_every: float = option(
        30.0, "seconds between two checkpoints, from which `nnexp resume` goes on; 0 for none", ge=0
    )
    precision: str = option(
        "float32",
        "of the arithmetic; bfloat16 keeps weights and loss in float32",
        choices=("float32", "float64", "bfloat16"),
    )
    watch: bool = option(True, "record signals.csv, and end a run with its diagnosis")
    tensorboard: bool = option(True, "write TensorBoard events")
    progress: str = option(
        "auto",
        "bar on a terminal, plain lines elsewhere, or nothing",
        choices=("auto", "bar", "plain", "none"),
    )
