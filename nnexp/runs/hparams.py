"""The configuration as the columns of TensorBoard's HPARAMS tab, the same in every run."""

from __future__ import annotations

from nnexp.config.schema.config import Config

Value = bool | float | str | None


def hparams(config: Config) -> dict[str, Value]:
    """Key -> value; what an option does not have stands as the value that does nothing.

    A number that is not given is None: a text among numbers could not be sorted.
    """
    model, optimizer, reg = config.model, config.optimizer, config.reg

    def text(value: object) -> str | None:
        return None if value is None else str(value).replace(" ", "")

    def number(value: object) -> float | None:
        return float(value) if isinstance(value, int | float) else None

    each = reg.dropout if number(reg.dropout) is None else None  # a list, one for each layer

    return {
        "seed": float(config.seed),
        "data.split.fold": number(config.data.split.fold),
        "data": config.data.name,
        "data.scaling": config.data.scaling,
        "data.missing": config.data.missing,
        "data.encoding": config.data.encoding,
        "data.labels": config.data.labels,
        "model": model.name,
        "model.hidden": text(getattr(model, "hidden", "")),
        "model.activation": getattr(model, "activation", "none"),
        "model.norm": getattr(model, "norm", "none"),
        "model.init": getattr(model, "init", "own"),
        "model.output": model.output,
        "reg.l1": reg.l1,
        "reg.l2": reg.l2,
        "reg.weight_decay": reg.weight_decay,
        "reg.dropout": number(reg.dropout),
        "reg.dropout by layer": text(each),
        "reg.input_dropout": reg.input_dropout,
        "reg.label_smoothing": reg.label_smoothing,
        "reg.grad_clip": number(reg.grad_clip),
        "reg.patience": number(reg.patience),
        "optimizer": optimizer.name,
        "optimizer.lr": optimizer.lr,
        "optimizer.momentum": getattr(optimizer, "momentum", 0.0),
        "optimizer.weight_decay": optimizer.weight_decay,
        "scheduler": config.scheduler.name,
        "scheduler.warmup": config.scheduler.warmup,
        "loss": config.loss.name,
        "loss.class_weight": text(config.loss.class_weight),
        "trainer.batch_size": float(config.trainer.batch_size),
        "trainer.epochs": float(config.trainer.epochs),
        "trainer.precision": config.trainer.precision,
    }
