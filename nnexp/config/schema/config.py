"""All keys of a run together, and those that a command line sets besides."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import MLPConfig, ModelConfig
from nnexp.config.schema.optimizer import AdamConfig, OptimizerConfig
from nnexp.config.schema.option import option
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.scheduler import ConstantSchedulerConfig, SchedulerConfig
from nnexp.config.schema.seeds import SeedsConfig
from nnexp.config.schema.sources import DigitsConfig
from nnexp.config.schema.sweep import SweepConfig
from nnexp.config.schema.trainer import TrainerConfig


@dataclass
class Config:
    seed: int = option(0, "of initialisation, batches and dropout", ge=0)
    seeds: SeedsConfig = field(default_factory=SeedsConfig)
    device: str = option("auto", "where to compute", choices=("auto", "cpu", "cuda"))
    threads: Any = option(
        "auto",
        "CPU threads; auto picks by the size of a step",
        accepts="auto or a whole number",
        ge=1,
    )
    data: DataConfig = field(default_factory=DigitsConfig)
    model: ModelConfig = field(default_factory=MLPConfig)
    reg: RegConfig = field(default_factory=RegConfig)
    optimizer: OptimizerConfig = field(default_factory=AdamConfig)
    scheduler: SchedulerConfig = field(default_factory=ConstantSchedulerConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)


@dataclass
class CommandConfig(Config):
    """All that a command line sets: a run's configuration, and how `-m` sweeps it."""

    sweep: SweepConfig = field(default_factory=SweepConfig)
