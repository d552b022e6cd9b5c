"""Every key a configuration can hold: its type, range, default and one line of help.

The dataclasses are the single source: Hydra types overrides by them, `check` reads ranges and
choices from the fields' metadata, and `--help` and docs/configuration.md are written from them.
Options of one group that take different keys (optimizers, data sources) have a class each.
"""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional  # noqa: UP035  (OmegaConf reads these annotations)

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


def option(default: Any, help: str, **limits: Any) -> Any:
    """A field with its line of help and its limits.

    Arguments:
        default: the value where the user gives none; lists and dicts are copied for each use.
        help: one line, units included.
        limits: any of `ge`, `gt`, `le`, `lt` (numbers; for a list, each of its items),
            `most` (items of a list), `choices` (a tuple of names), `accepts` (what an untyped
            value may be, in the words of `check.KINDS` joined by "or": "auto or a whole number").
    """
    metadata = {"help": help, **limits}
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


# ---------------------------------------------------------------------------------------- data
def _scaling(default: str) -> Any:
    return option(
        default,
        "scaling of numeric columns, fitted on train rows",
        choices=("standard", "minmax", "robust", "quantile", "none"),
    )


@dataclass
class SplitConfig:
    method: str = option(
        "random",
        "how rows are divided: at random, by whole groups, by time order, or by a column",
        choices=("random", "group", "time", "column"),
    )
    by: Optional[str] = option(
        None, "the column that group, time and column split by; it is never a feature"
    )
    test: float = option(0.2, "share of the rows kept for the test", ge=0, lt=1)
    valid: float = option(
        0.2, "share of the rows kept for validation; not used with data.split.folds", ge=0, lt=1
    )
    stratify: bool = option(True, "random only: keep the class shares equal in every part")
    shuffle: bool = option(True, "random only: false takes the parts in file order")
    folds: Optional[int] = option(
        None,
        "cut the rows that are no test rows into so many folds, each of which validates once; "
        "null for data.split.valid",
        ge=2,
    )
    fold: Optional[int] = option(None, "the fold that validates, counted from 0", ge=0)


@dataclass
class DataConfig:
    name: str = option("digits", "the source of the table")
    target: Optional[str] = option(None, "the column to predict")
    drop: List[str] = option([], "columns to leave out")
    numeric: List[str] = option([], "columns to read as numbers, whatever they look like")
    categorical: List[str] = option(
        [], "columns to read as categories, whatever they look like; the target's labels as written"
    )
    missing_tokens: List[str] = option([], "further texts that stand for a missing cell")
    sentinels: List[str] = option(
        [], "numbers that stand for a missing cell, each with its column, such as bmi=0"
    )
    decimal: str = option(
        "auto",
        "how texts write numbers: auto as programs do (1234.5), point for $1,234.50 and 12 %, "
        "comma for 1.234,50",
        choices=("auto", "point", "comma"),
    )
    duplicates: str = option(
        "keep",
        "drop leaves out, before the split, rows that equal another in every column and the label",
        choices=("keep", "drop"),
    )
    labels: str = option(
        "auto",
        "auto codes the classes 0..C-1; merge does so with texts that differ only in case or "
        "blanks as one; raw feeds the numbers in the target column to the loss",
        choices=("auto", "merge", "raw"),
    )
    scaling: str = _scaling("standard")
    missing: str = option(
        "mean",
        "what becomes of missing cells, fitted on train rows (drop leaves incomplete rows out, "
        "embedding learns a vector, none passes NaN on)",
        choices=(
            "mean",
            "median",
            "most_frequent",
            "constant",
            "knn",
            "iterative",
            "drop",
            "embedding",
            "none",
        ),
    )
    fill_value: float = option(0.0, "missing=constant: the number put in, before scaling")
    neighbors: int = option(5, "missing=knn: how many train rows are averaged", ge=1)
    indicator: bool = option(True, "add a 0/1 column for each column with missing train cells")
    encoding: str = option(
        "onehot",
        "how categories become numbers",
        choices=("onehot", "ordinal", "embedding"),
    )
    min_frequency: int = option(
        1, "levels with fewer train rows than this are merged into one rare level", ge=1
    )
    max_levels: int = option(
        100, "a text column with more levels than this is free text and dropped", ge=2
    )
    split: SplitConfig = field(default_factory=SplitConfig)


@dataclass
class DigitsConfig(DataConfig):
    name: str = option("digits", "8x8 handwritten digits: 1797 rows, 64 pixels, 10 classes")
    # pixels share one scale, which standard would blow up where they are rarely set
    scaling: str = _scaling("minmax")


@dataclass
class BreastCancerConfig(DataConfig):
    name: str = option("breast_cancer", "Wisconsin breast cancer: 569 rows, 30 numbers, 2 classes")


@dataclass
class WineConfig(DataConfig):
    name: str = option("wine", "Italian wines: 178 rows, 13 numbers, 3 classes")


@dataclass
class IrisConfig(DataConfig):
    name: str = option("iris", "iris flowers: 150 rows, 4 numbers, 3 classes")


@dataclass
class MoonsConfig(DataConfig):
    name: str = option("moons", "two interleaved half circles, made")
    rows: int = option(1000, "rows to make", ge=10)
    noise: float = option(0.2, "standard deviation of the noise", ge=0)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class CirclesConfig(DataConfig):
    name: str = option("circles", "a circle within a circle, made")
    rows: int = option(1000, "rows to make", ge=10)
    noise: float = option(0.1, "standard deviation of the noise", ge=0)
    factor: float = option(0.5, "radius of the inner circle over the outer", gt=0, lt=1)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class BlobsConfig(DataConfig):
    name: str = option("blobs", "Gaussian blobs, made")
    rows: int = option(1000, "rows to make", ge=10)
    features: int = option(2, "numeric columns", ge=1)
    centers: int = option(3, "blobs, which are the classes", ge=2)
    std: float = option(1.0, "standard deviation of a blob", gt=0)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class ClassificationConfig(DataConfig):
    name: str = option("classification", "scikit-learn's make_classification")
    rows: int = option(1000, "rows to make", ge=10)
    features: int = option(20, "columns in all", ge=1)
    informative: int = option(5, "columns that carry the class", ge=1)
    redundant: int = option(2, "linear combinations of the informative columns", ge=0)
    classes: int = option(2, "classes", ge=2)
    class_sep: float = option(1.0, "distance between the classes", gt=0)
    flip_y: float = option(0.01, "share of labels drawn at random", ge=0, le=1)
    weights: List[float] = option([], "share of each class; empty for equal shares", ge=0, le=1)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class OpenMLConfig(DataConfig):
    name: str = option("openml", "a data set of openml.org, downloaded by scikit-learn")
    id: Optional[int] = option(None, "its number", ge=1)
    dataset: Optional[str] = option(None, "its name, where no id is given")
    version: Optional[int] = option(None, "its version; null for the active one", ge=1)
    cache: Optional[str] = option(None, "download folder; null for scikit-learn's own")


@dataclass
class CsvConfig(DataConfig):
    name: str = option("csv", "a table of your own: CSV, TSV, Parquet or Feather, or compressed")
    path: Optional[str] = option(None, "the file; its ending tells the format")
    test_path: Optional[str] = option(
        None, "a second file whose rows are the test; data.split.test is then not used"
    )
    separator: Optional[str] = option(None, "between cells; null for comma, or tab in .tsv")
    header: bool = option(
        True,
        "the first line of a CSV names the columns; false: it is a row, and they are x1, x2, ...",
    )


@dataclass
class IdxConfig(DataConfig):
    name: str = option("idx", "images in MNIST's IDX format, plain or gzip")
    scaling: str = _scaling("minmax")
    path: Optional[str] = option(
        None, "a folder with train-images-idx3-ubyte, train-labels-..., t10k-images-..., t10k-..."
    )
    images: Optional[str] = option(None, "or: the file of train images")
    image_labels: Optional[str] = option(None, "and the file of their labels")
    test_images: Optional[str] = option(None, "the file of test images, where there is one")
    test_image_labels: Optional[str] = option(None, "and the file of their labels")


# --------------------------------------------------------------------------------------- model
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


# --------------------------------------------------------------------------------- regularizer
@dataclass
class RegConfig:
    l1: float = option(0.0, "adds l1 * sum|w| over weight matrices to the loss", ge=0)
    l2: float = option(0.0, "adds l2 * sum w^2 over weight matrices to the loss", ge=0)
    weight_decay: float = option(
        0.0, "decoupled decay of weight matrices, lr * weight_decay * w a step", ge=0
    )
    dropout: Any = option(
        0.0,
        "share of hidden units dropped; a list gives each hidden layer its own",
        accepts="a number or a list of numbers",
        ge=0,
        lt=1,
    )
    input_dropout: float = option(0.0, "share of inputs dropped", ge=0, lt=1)
    label_smoothing: float = option(
        0.0, "share of the target spread evenly over the classes", ge=0, lt=1
    )
    grad_clip: Optional[float] = option(
        None, "longest gradient, by the norm over all parameters; null for no limit", gt=0
    )
    patience: Optional[int] = option(
        None, "stop after so many epochs without a better trainer.monitor; null for never", ge=1
    )
    min_delta: float = option(0.0, "smallest change that counts as better", ge=0)


# ----------------------------------------------------------------------------------- optimizer
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


# ----------------------------------------------------------------------------------- scheduler
@dataclass
class SchedulerConfig:
    name: str = option("constant", "how the learning rate moves over the run")
    warmup: float = option(0.0, "epochs of linear warm-up before it", ge=0)
    warmup_start: float = option(
        0.01, "share of the learning rate that the warm-up starts from", ge=0, le=1
    )


@dataclass
class ConstantSchedulerConfig(SchedulerConfig):
    name: str = option("constant", "the same rate throughout")


@dataclass
class StepSchedulerConfig(SchedulerConfig):
    name: str = option("step", "times gamma every step_size epochs")
    step_size: int = option(10, "epochs between two drops", ge=1)
    gamma: float = option(0.5, "factor of a drop", gt=0, le=1)


@dataclass
class CosineSchedulerConfig(SchedulerConfig):
    name: str = option("cosine", "half a cosine down to min_factor, a little every step")
    min_factor: float = option(0.0, "share of the learning rate left at the end", ge=0, le=1)


@dataclass
class OneCycleSchedulerConfig(SchedulerConfig):
    name: str = option("one_cycle", "up to the learning rate and down again (Smith 2018)")
    peak: float = option(0.3, "share of the run until the peak", gt=0, lt=1)
    div_factor: float = option(25.0, "the start is lr / div_factor", ge=1)
    final_div_factor: float = option(1e4, "the end is start / final_div_factor", ge=1)


@dataclass
class PlateauSchedulerConfig(SchedulerConfig):
    name: str = option("plateau", "times factor when trainer.monitor stops getting better")
    factor: float = option(0.3, "factor of a drop", gt=0, lt=1)
    patience: int = option(5, "epochs without a better value before a drop", ge=0)
    threshold: float = option(1e-4, "relative change that counts as better", ge=0)
    cooldown: int = option(0, "epochs after a drop in which none is counted", ge=0)
    min_factor: float = option(0.0, "share of the learning rate never gone below", ge=0, le=1)


# ---------------------------------------------------------------------------------------- loss
@dataclass
class LossConfig:
    name: str = option(
        "cross_entropy",
        "the data loss",
        choices=("cross_entropy", "nll", "bce", "bce_with_logits", "mse", "mae"),
    )
    reduction: str = option("mean", "over the rows of a batch", choices=("mean", "sum"))
    class_weight: Any = option(
        None,
        "balanced (rows over classes times rows of the class), a list in class order, or null",
        accepts="null or balanced or a list of numbers",
        ge=0,
    )
    scale: float = option(1.0, "factor on the data loss; a negative one climbs")


# ------------------------------------------------------------------------------------- trainer
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


@dataclass
class SeedsConfig:
    split: int = option(0, "who is in train, validation and test; the same for every `seed`", ge=0)
    valid: Optional[int] = option(
        None, "who of the rows that do not test validates; null follows `split`", ge=0
    )
    init: Optional[int] = option(None, "initial weights; null follows `seed`", ge=0)
    batches: Optional[int] = option(None, "row order; null follows `seed`", ge=0)
    dropout: Optional[int] = option(None, "dropped units; null follows `seed`", ge=0)

    @property
    def of_split(self) -> tuple[int, int]:
        """The seeds of the rows that test, and of those that validate."""
        return self.split, self.split if self.valid is None else self.valid


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


# --------------------------------------------------------------------------------------- sweep
@dataclass
class SweepConfig:
    """How `-m` makes and runs its jobs; no part of a run's own configuration."""

    name: str = option("grid", "a sweep kept as a file in conf/sweep/")
    method: str = option(
        "grid",
        "every combination, n drawn at random, successive halving, or Optuna's proposals",
        choices=("grid", "random", "halving", "optuna"),
    )
    params: Any = option(
        None,
        "key -> values, as typed after -m; of several such mappings each is a sweep of its own",
        accepts="null or a mapping or a list of mappings",
    )
    zip: Any = option(
        [],
        "keys whose values go together, the first with the first, instead of being crossed; "
        "a list of such lists for several",
        accepts="a list of texts or a list of lists of texts",
    )
    n: Optional[int] = option(
        None,
        "configurations to try, each with all seeds and folds: of random, halving, optuna; null "
        "for the whole grid",
        ge=1,
    )
    seed: int = option(0, "of what random, halving and optuna draw", ge=0)
    factor: int = option(3, "halving: one of so many goes on", ge=2)
    min_epochs: int = option(1, "halving: epochs before the first are left behind", ge=1)
    sampler: str = option("tpe", "optuna: its sampler", choices=("tpe", "gp", "qmc", "random"))
    batch: int = option(16, "optuna: configurations asked for at a time, one stack", ge=1)
    processes: Any = option(
        "auto",
        "stacks in training at a time; auto for one a core",
        accepts="auto or a whole number",
        ge=1,
    )
    memory: Any = option(
        "auto",
        "GiB for all members in training; auto for half of what is free",
        accepts="auto or a number",
        gt=0,
    )
    on_error: str = option(
        "continue", "when a job fails: go on, or begin no further one", choices=("continue", "stop")
    )
    dry_run: bool = option(False, "show the jobs, the stacks and what they take; run nothing")
    resume: Optional[str] = option(
        None, "the folder of a sweep of which to run what is missing; or: nnexp resume FOLDER"
    )
    report: bool = option(True, "write report.html at the end")


@dataclass
class CommandConfig(Config):
    """All that a command line sets: a run's configuration, and how `-m` sweeps it."""

    sweep: SweepConfig = field(default_factory=SweepConfig)


SWEEPS = ("grid", "lr", "lambda", "optimizers", "scaling", "seeds", "random", "halving", "optuna")

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
