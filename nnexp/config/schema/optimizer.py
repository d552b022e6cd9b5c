"""The options of `optimizer=`."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import List  # noqa: UP035  (OmegaConf reads these annotations)

from nnexp.config.schema.option import option


@dataclass
class OptimizerConfig:
    name: str = option("adam", "the optimizer")
    lr: float = option(1e-3, "learning rate", ge=0)
    weight_decay: float = option(0.0, "torch.optim's own weight_decay, over all parameters", ge=0)
    maximize: bool = option(False, "climb instead of descend")


@dataclass
class SGDConfig(OptimizerConfig):
    name: str = option("sgd", "stochastic gradient descent")
    lr: float = option(0.05, "learning rate", ge=0)
    momentum: float = option(0.9, "share of the last step kept", ge=0, lt=1)
    dampening: float = option(0.0, "share of the gradient kept out of the momentum", ge=0)
    nesterov: bool = option(False, "look ahead along the momentum")


@dataclass
class AdamConfig(OptimizerConfig):
    name: str = option("adam", "Adam (Kingma & Ba 2015)")
    betas: List[float] = option(
        [0.9, 0.999], "decay of the running mean and of the running square", ge=0, lt=1
    )
    eps: float = option(1e-8, "added to the root, against division by zero", ge=0)
    amsgrad: bool = option(False, "keep the largest running square (Reddi et al. 2018)")
    decoupled_weight_decay: bool = option(False, "decay weights as AdamW does")


@dataclass
class AdamWConfig(OptimizerConfig):
    name: str = option("adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)")
    weight_decay: float = option(0.01, "decoupled decay, over all parameters as torch.optim", ge=0)
    betas: List[float] = option(
        [0.9, 0.999], "decay of the running mean and of the running square", ge=0, lt=1
    )
    eps: float = option(1e-8, "added to the root, against division by zero", ge=0)
    amsgrad: bool = option(False, "keep the largest running square (Reddi et al. 2018)")


@dataclass
class RMSpropConfig(OptimizerConfig):
    name: str = option("rmsprop", "RMSprop (Hinton 2012)")
    alpha: float = option(0.99, "decay of the running square", ge=0, lt=1)
    eps: float = option(1e-8, "added to the root, against division by zero", ge=0)
    momentum: float = option(0.0, "share of the last step kept", ge=0, lt=1)
    centered: bool = option(False, "divide by the standard deviation instead of the square mean")
