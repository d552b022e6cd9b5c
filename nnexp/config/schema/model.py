"""The options of `model=`."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional  # noqa: UP035  (OmegaConf reads these annotations)

from nnexp.config.schema.option import option

ACTIVATIONS = ("relu", "leaky_relu", "gelu", "selu", "tanh", "sigmoid", "silu", "identity")


INITS = (
    "auto",
    "torch",
    "kaiming_uniform",
    "kaiming_normal",
    "xavier_uniform",
    "xavier_normal",
    "lecun_normal",
    "orthogonal",
    "normal",
    "uniform",
    "constant",
    "zeros",
)


@dataclass
class ModelConfig:
    name: str = option("mlp", "the kind of model")
    output: str = option(
        "logits",
        "activation on the last layer; anything but logits should match the loss",
        choices=("logits", "softmax", "sigmoid", "log_softmax", "relu", "tanh"),
    )
    outputs: Any = option("auto", "width of the last layer", accepts="auto or a whole number", ge=1)


@dataclass
class LinearConfig(ModelConfig):
    name: str = option("linear", "one linear layer: logistic regression with cross_entropy")
    init: str = option("auto", "how weights start", choices=INITS)
    init_scale: float = option(1.0, "factor on the initial weights; the value for constant")
    bias_init: float = option(0.0, "initial biases")
    embedding_size: int = option(8, "length of a learned category or missing-cell vector", ge=1)


@dataclass
class MLPConfig(LinearConfig):
    name: str = option("mlp", "multilayer perceptron")
    hidden: List[int] = option([128, 128], "widths of the hidden layers", ge=1, most=1000)
    activation: str = option("relu", "hidden activation", choices=ACTIVATIONS)
    norm: str = option(
        "none",
        "normalisation between a hidden layer and its activation",
        choices=("none", "batch", "layer"),
    )
    skip: bool = option(False, "add a hidden layer's input to its output where the widths agree")


@dataclass
class CustomModelConfig(ModelConfig):
    name: str = option("custom", "a torch.nn.Module of your own, from float inputs to outputs")
    _target_: Optional[str] = option(None, "its import path: package.module.Class")
    args: Dict[str, Any] = option(
        {}, "its keyword arguments; the table's width and outputs come as `inputs` and `outputs`"
    )
