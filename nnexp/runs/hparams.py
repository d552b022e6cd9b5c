"""The configuration as the columns of TensorBoard's HPARAMS tab, the same in every run."""

from __future__ import annotations

from nnexp.config.schema import Config

Value = bool | float | str


def hparams(config: Config) -> dict[str, Value]:
    """Key -> value; what an option does not have stands as the value that does nothing."""
    model, optimizer, reg = config.model, config.optimizer, config.reg

    def text(value: object) -> str:
        return str(value).replace(" ", "")

    return {
        "seed": float(config.seed),
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
        "reg.dropout": text(reg.dropout),
        "reg.input_dropout": reg.input_dropout,
        "reg.label_smoothing": reg.label_smoothing,
        "reg.grad_clip": text(reg.grad_clip),
        "reg.patience": text(reg.patience),
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
