"""From a configuration and a table to the values that training takes.

Below this file nothing knows a configuration object.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig, LinearConfig, MLPConfig
from nnexp.config.schema.optimizer import AdamConfig, AdamWConfig
from nnexp.errors import UserError
from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.runs.user_module import user_model
from nnexp.seeds import on_split
from nnexp.train.decision import Decision
from nnexp.train.losses import CATEGORICAL, Loss
from nnexp.train.member import Member, Seeds
from nnexp.train.optimizers import OPTIMIZERS
from nnexp.train.plan import Plan
from nnexp.train.targets import Targets

Model = MLP | ModuleModel
DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}


@dataclass(frozen=True)
class Coding:
    """How classes are coded for the loss, and outputs read as classes.

    Arguments:
        outputs: C, width of the last layer.
        columns: for each class its output; empty where there is a single output.
        values: for each class the number that a single output should have.
    """

    outputs: int
    columns: tuple[int, ...]
    values: tuple[float, ...]


def coding(config: Config, classes: Sequence[Any]) -> Coding:
    """The coding of `classes` for the configured loss, model and `data.labels`.

    Raises:
        UserError: where the labels or classes do not fit the outputs.
    """
    count, raw = len(classes), config.data.labels == "raw"
    categorical = config.loss.name in CATEGORICAL
    needs_all = categorical or (config.model.output in ("softmax", "log_softmax") and not raw)
    if config.model.outputs != "auto":
        outputs = int(config.model.outputs)
    elif needs_all:
        outputs = count
    else:
        outputs = 1 if count == 2 or raw else count
    numbers = tuple(float(value) for value in classes) if raw else tuple(map(float, range(count)))
    if not categorical and (raw or outputs == 1):
        if outputs != 1:
            raise UserError(
                f"data.labels=raw gives one number a row, and model.outputs={outputs}",
                f"raw labels with loss={config.loss.name} and model.outputs=1 (or auto)",
                "model.outputs=1",
            )
        return Coding(1, (), numbers)
    columns = tuple(range(count))
    if raw:
        if any(value != int(value) or not 0 <= value < outputs for value in numbers):
            largest = max(max(numbers), 0)
            raise UserError(
                f"the raw labels {_listed(classes)} do not number the outputs 0..{outputs - 1}",
                f"with loss={config.loss.name}, whole numbers from 0 to model.outputs - 1",
                f"data.labels=auto, or model.outputs={int(largest) + 1} if none is negative",
            )
        columns = tuple(int(value) for value in numbers)
    elif outputs < count:
        raise UserError(
            f"model.outputs={outputs} is fewer than the {count} classes of the table",
            f"{count} or more with loss={config.loss.name}; auto takes what fits",
            "model.outputs=auto",
        )
    return Coding(outputs, columns, numbers)


def targets(
    coded: Coding, classes: NDArray[np.int64], weights: Tensor | None, dtype: torch.dtype
) -> Targets:
    """The targets of rows with class indices (N,); `weights` (number of classes,) by class."""
    labels = torch.from_numpy(classes)
    columns = torch.tensor(coded.columns)[labels] if coded.columns else None
    values = None if coded.columns else torch.tensor(coded.values, dtype=dtype)[labels]
    rows = weights[labels].to(dtype) if weights is not None else None
    return Targets(labels, coded.outputs, columns, values, rows, dtype)


def class_weights(config: Config, counts: NDArray[np.int64]) -> Tensor | None:
    """Weights of the classes (float64) from their train rows; None for equal ones.

    Raises:
        UserError: where a list has another length than there are classes.
    """
    given = config.loss.class_weight
    if given is None:
        return None
    if given == "balanced":
        weights = counts.sum() / (len(counts) * np.maximum(counts, 1))
        return torch.from_numpy(np.where(counts > 0, weights, 1.0))  # none is learnt from: as is
    if len(given) != len(counts):
        raise UserError(
            f"loss.class_weight lists {len(given)} weights for {len(counts)} classes",
            "balanced, null, or one weight for each class in the order of the classes",
            "loss.class_weight=balanced",
        )
    return torch.tensor([float(value) for value in given], dtype=torch.float64)


def loss(config: Config, coded: Coding, weights: Tensor | None, like: Tensor) -> Loss:
    """The data loss; `like` gives dtype and device of the class weights."""
    by_output = None
    if weights is not None and config.loss.name in CATEGORICAL:
        by_output = torch.ones(coded.outputs, dtype=torch.float64)
        by_output[list(coded.columns)] = weights
        by_output = by_output.to(like)
    return Loss(
        config.loss.name, config.model.output, config.loss.reduction, config.loss.scale, by_output
    )


def decision(config: Config, coded: Coding) -> Decision:
    """How the outputs are read."""
    return Decision(config.loss.name, config.model.output, coded.columns, coded.values)


def model(config: Config, inputs: int, levels: Sequence[int], outputs: int) -> Model:
    """The architecture for a table of `inputs` numbers and code columns of `levels`.

    Raises:
        UserError: where a user's module cannot be imported or made.
    """
    given = config.model
    if isinstance(given, CustomModelConfig):
        return user_model(given, inputs, len(levels), outputs)
    assert isinstance(given, LinearConfig)
    make = partial(
        MLP,
        levels=levels,
        embedding_size=given.embedding_size,
        init=given.init,
        init_scale=given.init_scale,
        bias_init=given.bias_init,
    )
    if not isinstance(given, MLPConfig):
        return make(inputs, outputs)
    return make(
        inputs,
        outputs,
        given.hidden,
        activation=given.activation,
        norm=given.norm,
        skip=given.skip,
    )


def member(config: Config, hidden_layers: int) -> Member:
    """The numbers of the configuration that a member has for itself."""
    reg = config.reg
    rates = reg.dropout if isinstance(reg.dropout, list) else [reg.dropout] * hidden_layers
    optimizer = {
        name: float(value)
        for name, value in asdict(config.optimizer).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    if isinstance(config.optimizer, AdamConfig | AdamWConfig):
        optimizer["beta1"], optimizer["beta2"] = config.optimizer.betas
    schedule = {
        name: float(value)
        for name, value in asdict(config.scheduler).items()
        if isinstance(value, int | float)
    }
    return Member(
        seeds=training_seeds(config),
        optimizer=optimizer,
        schedule=schedule,
        l1=reg.l1,
        l2=reg.l2,
        weight_decay=reg.weight_decay,
        dropout=(reg.input_dropout, *map(float, rates)),
        label_smoothing=reg.label_smoothing,
        grad_clip=math.inf if reg.grad_clip is None else reg.grad_clip,
        patience=math.inf if reg.patience is None else reg.patience,
        min_delta=reg.min_delta,
    )


def training_seeds(config: Config) -> Seeds:
    """The seeds of initial weights, batches and dropout, given or made of `seed` and the split."""
    own = config.seeds
    usual = on_split(config.seed, own.of_split, config.data.split.fold)
    return Seeds(
        *(usual if given is None else given for given in (own.init, own.batches, own.dropout))
    )


def plan(config: Config, validated: bool = True) -> Plan:
    """What the configuration fixes for all members of a stack.

    Arguments:
        config: theirs.
        validated: whether there are validation rows. Without any nothing may go by their scores
            (`task.check_parts`), and what is noted of the best epoch is by the train rows.
    """
    trainer = config.trainer
    monitor = trainer.monitor if validated else trainer.monitor.replace("val_", "train_")
    flags = OPTIMIZERS[config.optimizer.name].flags
    return Plan(
        epochs=trainer.epochs,
        batch_size=trainer.batch_size,
        shuffle=trainer.shuffle,
        monitor=monitor,
        checkpoint=trainer.checkpoint,
        optimizer=config.optimizer.name,
        flags={flag: getattr(config.optimizer, flag) for flag in flags},
        schedule=config.scheduler.name,
        dtype=DTYPES[trainer.precision],
        compute=torch.bfloat16 if trainer.precision == "bfloat16" else None,
    )


def _listed(values: Sequence[Any], most: int = 6) -> str:
    shown = ", ".join(str(value) for value in values[:most])
    return f"{shown}, ..." if len(values) > most else shown
