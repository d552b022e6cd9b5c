"""Contradictions between the keys of the optimizer, the loss and the labels."""

from __future__ import annotations

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config
from nnexp.config.schema.optimizer import SGDConfig
from nnexp.errors import UserError


def nesterov_has_momentum(config: Config) -> UserError | None:
    """`optimizer.nesterov` needs momentum above 0 and dampening 0."""
    sgd = config.optimizer
    if not isinstance(sgd, SGDConfig) or not sgd.nesterov:
        return None
    if sgd.momentum > 0 and sgd.dampening == 0:
        return None
    key = "dampening" if sgd.momentum > 0 else "momentum"
    return UserError(
        f"optimizer.nesterov=true with optimizer.{key}={literal(getattr(sgd, key))}",
        "optimizer.nesterov needs optimizer.momentum > 0 and optimizer.dampening=0",
        f"optimizer.{key}={'0' if key == 'dampening' else '0.9'}",
    )


def betas_are_two(config: Config) -> UserError | None:
    """`optimizer.betas` holds two numbers."""
    betas = getattr(config.optimizer, "betas", [0.9, 0.999])
    if len(betas) == 2:
        return None
    wrong = f"optimizer.betas={literal(betas)} has length {len(betas)}"
    return UserError(wrong, "optimizer.betas is two numbers", "optimizer.betas=[0.9,0.999]")


def targets_are_classes(config: Config) -> UserError | None:
    """Label smoothing needs class labels and no mse or mae; class weights need class labels."""
    raw, loss = config.data.labels == "raw", config.loss
    smoothing = f"reg.label_smoothing={literal(config.reg.label_smoothing)}"
    if config.reg.label_smoothing > 0 and (raw or loss.name in ("mse", "mae")):
        return UserError(
            f"{smoothing} with {'data.labels=raw' if raw else f'loss={loss.name}'}",
            "label smoothing needs data.labels=auto and a loss over classes",
            "reg.label_smoothing=0",
        )
    if loss.class_weight is not None and raw:
        return UserError(
            f"loss.class_weight={literal(loss.class_weight)} with data.labels=raw",
            "class weights need data.labels=auto",
            "loss.class_weight=null",
        )
    return None


def class_weights_fit(config: Config) -> UserError | None:
    """A list of class weights is not all 0, and has a number for each of `model.outputs`."""
    weights, outputs = config.loss.class_weight, config.model.outputs
    if not isinstance(weights, list):
        return None
    quoted = f"loss.class_weight={literal(weights)}"
    if not any(weights):
        wrong = f"{quoted} gives no row any weight"
        return UserError(wrong, "at least one weight is above 0", "loss.class_weight=balanced")
    if isinstance(outputs, int) and outputs > 1 and len(weights) != outputs:
        return UserError(
            f"{quoted} has length {len(weights)}, but model.outputs={outputs}",
            "a list has one weight for each class, in class order",
            "loss.class_weight=balanced",
        )
    return None
