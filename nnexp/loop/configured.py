"""The configuration that a run like the loop would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import ParametrizationList

from nnexp.config.schema.config import Config
from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import CustomModelConfig, MLPConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.trainer import TrainerConfig
from nnexp.loop.modes import dropouts
from nnexp.model.registered import unregistered

LOSSES = {
    "softmax": "cross_entropy",
    "nll": "nll",
    "logistic": "bce_with_logits",
    "bce": "bce",
    "squared": "mse",
    "absolute": "mae",
}
ACTIVATIONS = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
    nn.ELU: "elu",
    nn.SiLU: "silu",
}


def make_config(
    model: nn.Module,
    linear: list[tuple[str, nn.Linear, torch.Tensor]],
    *,
    optimizer: torch.optim.Optimizer,
    loss_fn: Any,
    kind: str,
    initial: Mapping[str, torch.Tensor],
    first_lr: float,
    epochs: int,
    batch: int,
    is_affine: bool,
    class_weight: list[float] | None = None,
) -> Config:
    """The configuration that a run like the loop would have.

    Arguments:
        model: of the loop.
        linear: its layers in order, as of `linear_layers`.
        optimizer: as it is now.
        loss_fn: of the loop; `kind` is that of its kernel.
        initial: parameters by name, before the first step.
        first_lr: the learning rate of the first step.
        epochs, batch: passes over the train rows, and rows of a usual batch.
        is_affine: whether the model does no more than one linear layer.
        class_weight: weights of the classes in the loss.
    """
    return Config(
        data=CsvConfig(scaling="none", missing="none"),
        model=_model(model, linear, initial, is_affine),
        reg=RegConfig(
            dropout=max([0.0, *(one.p for one in dropouts(model))]),
            label_smoothing=float(getattr(loss_fn, "label_smoothing", 0.0) or 0.0),
        ),
        optimizer=_optimizer(optimizer, first_lr),
        loss=LossConfig(name=LOSSES.get(kind, "mse"), class_weight=class_weight),
        trainer=TrainerConfig(epochs=max(1, epochs), batch_size=max(1, batch), checkpoint="last"),
    )


def _model(
    model: nn.Module, linear: list[Any], initial: Mapping[str, torch.Tensor], is_affine: bool
) -> Any:
    if not linear or _has_others(model) or unregistered(model):  # of which not all is seen
        return CustomModelConfig()
    hidden = [own[1].out_features for own in linear[:-1]]
    kinds = [
        name for one in model.modules() for kind, name in ACTIVATIONS.items() if type(one) is kind
    ]
    normed = any("BatchNorm" in type(one).__name__ for one in model.modules())
    layered = any("LayerNorm" in type(one).__name__ for one in model.modules())
    activation = "identity" if is_affine else (kinds[0] if kinds else _by_values(linear))
    biases = [
        float(initial[key].mean()) for n, *_ in linear[:-1] if (key := f"{n}.bias") in initial
    ]
    return MLPConfig(
        bias_init=max(biases, key=abs, default=0.0),
        hidden=hidden,
        activation=activation,
        norm="batch" if normed else "layer" if layered else "none",
    )


def _has_others(model: nn.Module) -> bool:
    """Whether other layers than linear ones are trained, norms and activations aside."""
    return any(
        p.requires_grad
        for one in model.modules()
        if not isinstance(one, (nn.Linear, ParametrizationList, nn.PReLU))
        and "Norm" not in type(one).__name__
        for p in one.parameters(recurse=False)
    )


def _by_values(linear: list[Any]) -> str:
    """The activation by what the layers behind it get."""
    given = [own[2] for own in linear[1:]]
    if not given:
        return "relu"
    low, high = min(float(x.min()) for x in given), max(float(x.max()) for x in given)
    if low == 0:
        return "relu"
    if low >= -1 and high <= 1:
        return "sigmoid" if low >= 0 else "tanh"
    return "gelu"


def _optimizer(optimizer: torch.optim.Optimizer, lr: float) -> Any:
    group = optimizer.param_groups[0]
    name = type(optimizer).__name__.lower()
    name = {"nadam": "adam", "radam": "adam", "adamax": "adam"}.get(name, name)
    options = OPTIONS["optimizer"]
    known = options.get(name)
    if known is None:
        known = options["sgd"] if name in ("asgd",) else options["adam"]
        return known(lr=_typical(known) if name not in ("asgd",) else lr)
    keys = {field.name for field in fields(known)}
    values = {
        key: (list(value) if isinstance(value, tuple) else float(value))
        for key, value in group.items()
        if key in keys and isinstance(value, (int, float, tuple)) and not isinstance(value, bool)
    }
    return known(**{**values, "lr": lr})


def _typical(known: Any) -> float:
    return float(known().lr)
