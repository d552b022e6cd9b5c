"""The options of each group, and the schema of each."""

from __future__ import annotations

from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import CustomModelConfig, LinearConfig, MLPConfig
from nnexp.config.schema.optimizer import AdamConfig, AdamWConfig, RMSpropConfig, SGDConfig
from nnexp.config.schema.scheduler import (
    ConstantSchedulerConfig,
    CosineSchedulerConfig,
    OneCycleSchedulerConfig,
    PlateauSchedulerConfig,
    StepSchedulerConfig,
)
from nnexp.config.schema.sources import (
    BlobsConfig,
    BreastCancerConfig,
    CirclesConfig,
    ClassificationConfig,
    CsvConfig,
    DigitsConfig,
    IdxConfig,
    IrisConfig,
    MoonsConfig,
    OpenMLConfig,
    WineConfig,
)
from nnexp.config.schema.sweep import SWEEPS, SweepConfig

# group -> option -> its schema; `regularizer` options all share RegConfig, whose package is `reg`
OPTIONS: dict[str, dict[str, type]] = {
    "data": {
        "digits": DigitsConfig,
        "breast_cancer": BreastCancerConfig,
        "wine": WineConfig,
        "iris": IrisConfig,
        "moons": MoonsConfig,
        "circles": CirclesConfig,
        "blobs": BlobsConfig,
        "classification": ClassificationConfig,
        "openml": OpenMLConfig,
        "csv": CsvConfig,
        "idx": IdxConfig,
    },
    "model": {"mlp": MLPConfig, "linear": LinearConfig, "custom": CustomModelConfig},
    "optimizer": {
        "sgd": SGDConfig,
        "adam": AdamConfig,
        "adamw": AdamWConfig,
        "rmsprop": RMSpropConfig,
    },
    "scheduler": {
        "constant": ConstantSchedulerConfig,
        "step": StepSchedulerConfig,
        "cosine": CosineSchedulerConfig,
        "one_cycle": OneCycleSchedulerConfig,
        "plateau": PlateauSchedulerConfig,
    },
    "loss": {
        name: LossConfig
        for name in ("cross_entropy", "nll", "bce", "bce_with_logits", "mse", "mae")
    },
    "sweep": {name: SweepConfig for name in SWEEPS},
}
