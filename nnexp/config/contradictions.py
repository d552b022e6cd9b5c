"""Settings that contradict each other, one rule each; the first line of a rule documents it."""

from __future__ import annotations

from collections.abc import Callable

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig, MLPConfig
from nnexp.config.schema.optimizer import SGDConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.scheduler import PlateauSchedulerConfig
from nnexp.config.schema.sources import ClassificationConfig, CsvConfig, IdxConfig, OpenMLConfig
from nnexp.config.sentinel import read_sentinels
from nnexp.errors import UserError

Contradiction = Callable[[Config], UserError | None]


def names_match(config: Config) -> UserError | None:
    """`data.name`, `model.name`, `optimizer.name` and `scheduler.name` follow the option chosen."""
    for group in ("data", "model", "optimizer", "scheduler"):
        section = getattr(config, group)
        own = next((n for n, s in OPTIONS[group].items() if type(section) is s), None)
        if own is not None and section.name != own:
            known = section.name in OPTIONS[group]
            return UserError(
                f"{group}.name={section.name} with the keys of {group}={own}",
                f"{group} is one of {', '.join(OPTIONS[group])}; {group}.name follows it",
                f"{group}={section.name}" if known else f"{group}.name={own}",
            )
    return None


def source_is_given(config: Config) -> UserError | None:
    """`data=csv` needs `data.path`; `data=idx` a folder or both files; `data=openml` id or name."""
    data = config.data
    if isinstance(data, CsvConfig) and not data.path:
        return UserError(
            "data=csv without data.path",
            "data.path is a file: .csv, .tsv, .parquet or .feather, plain or compressed",
            "data.path=table.csv" if data.target else "data.path=table.csv data.target=income",
        )
    if isinstance(data, IdxConfig):
        pairs = ((data.images, data.image_labels), (data.test_images, data.test_image_labels))
        rule = "data.path is the folder, or data.images and data.image_labels are the files"
        if not data.path and not data.images:
            return UserError("data=idx without data.path", rule, "data=idx data.path=fashion-mnist")
        if data.path and data.images:
            remedy = "data.images=null data.image_labels=null"
            return UserError("data.path and data.images are both given", rule, remedy)
        for (images, labels), names in zip(pairs, ("image", "test_image"), strict=True):
            if bool(images) != bool(labels):
                missing = f"data.{names}s" if labels else f"data.{names}_labels"
                given = f"data.{names}_labels" if labels else f"data.{names}s"
                return UserError(
                    f"{given} without {missing}",
                    "images and their labels are given together",
                    f"{missing}=FILE",
                )
    if isinstance(data, OpenMLConfig) and (data.id is None) == (data.dataset is None):
        which, remedy = "both data.id and", "data.dataset=null"
        if data.id is None:
            which, remedy = "neither data.id nor", "data=openml data.id=31"
        return UserError(
            f"data=openml with {which} data.dataset", "exactly one of the two is given", remedy
        )
    return None


def shares_leave_train_rows(config: Config) -> UserError | None:
    """`data.split.test` and `data.split.valid`, where it is used, together stay below 1."""
    split = config.data.split
    if split.method == "column" or _has_test_file(config) or split.test + split.valid < 1:
        return None
    if split.folds is not None:
        return None
    return UserError(
        f"data.split.test={literal(split.test)} and data.split.valid={literal(split.valid)} "
        "leave no rows to train on",
        "data.split.test + data.split.valid < 1",
        "data.split.test=0.2 data.split.valid=0.2",
    )


def fold_is_given(config: Config) -> UserError | None:
    """`data.split.folds` needs `data.split.fold`, which is below it; `-m` runs all folds."""
    folds, fold = config.data.split.folds, config.data.split.fold
    if folds is None and fold is None:
        return None
    if folds is None:
        return UserError(
            f"data.split.fold={fold} without data.split.folds",
            "data.split.fold goes with data.split.folds, the number of folds",
            f"data.split.folds={max(5, (fold or 0) + 1)}",
        )
    if fold is None:
        return UserError(
            f"data.split.folds={folds} without data.split.fold, the one that validates",
            f"data.split.fold is 0 to {folds - 1} in a single run; with -m all of them are run",
            f"data.split.folds={folds} data.split.fold=0",
        )
    if fold >= folds:
        return UserError(
            f"data.split.fold={fold} with data.split.folds={folds}",
            f"folds are counted from 0: data.split.fold is 0 to {folds - 1}",
            f"data.split.fold={folds - 1}",
        )
    return None


def split_column_is_given(config: Config) -> UserError | None:
    """`data.split.method` group, time and column need `data.split.by`, and random none."""
    split = config.data.split
    if split.method == "random" and split.by:
        return UserError(
            f"data.split.by={literal(split.by)} is not used by data.split.method=random",
            "data.split.by goes with data.split.method=group, time or column",
            f"data.split.method=group data.split.by={literal(split.by)}",
        )
    missing = split.method != "random" and not split.by
    if not missing or (split.method == "column" and _has_test_file(config)):
        return None
    name = {"group": "patient", "time": "date", "column": "part"}[split.method]
    return UserError(
        f"data.split.method={split.method} without data.split.by",
        f"data.split.by names the {split.method if split.method != 'column' else 'split'} column",
        f"data.split.by={name}",
    )


def columns_have_one_part(config: Config) -> UserError | None:
    """No column is target, dropped and split column at once, or numeric and categorical."""
    data = config.data
    if data.target in data.drop:
        return UserError(
            f"data.target={literal(data.target)} is also in data.drop",
            "the target is kept out of the features by itself",
            f"data.drop={literal([n for n in data.drop if n != data.target])}",
        )
    both = [name for name in data.numeric if name in data.categorical]
    if both:
        return UserError(
            f"column {both[0]!r} is in data.numeric and in data.categorical",
            "a column is read one way",
            f"data.numeric={literal([n for n in data.numeric if n not in both])}",
        )
    if data.target is not None and data.split.by == data.target:
        return UserError(
            f"data.split.by={literal(data.split.by)} is the target",
            "data.split.by names another column than data.target",
            "data.split.method=random data.split.by=null",
        )
    return None


def sentinels_are_numbers(config: Config) -> UserError | None:
    """Each item of `data.sentinels` is a column, `=` and a number."""
    try:
        read_sentinels(config.data.sentinels)
    except UserError as error:
        return error
    return None


def made_table_is_possible(config: Config) -> UserError | None:
    """`data=classification`: informative + redundant <= features; a weight for each class."""
    data = config.data
    if not isinstance(data, ClassificationConfig):
        return None
    used = data.informative + data.redundant
    if used > data.features:
        return UserError(
            f"data.informative={data.informative} and data.redundant={data.redundant} are more "
            f"than data.features={data.features}",
            "data.informative + data.redundant <= data.features",
            f"data.features={used}",
        )
    if data.weights and (len(data.weights) != data.classes or sum(data.weights) <= 0):
        return UserError(
            f"data.weights={literal(data.weights)} with data.classes={data.classes}",
            "data.weights is empty or holds a share for each class, not all 0",
            f"data.weights={literal([round(1 / data.classes, 3)] * data.classes)}",
        )
    return None


def monitor_has_rows(config: Config) -> UserError | None:
    """Without validation rows `trainer.monitor` is a train score wherever it is used."""
    split, trainer = config.data.split, config.trainer
    has_rows = split.method == "column" or split.valid > 0 or split.folds is not None
    if has_rows or not trainer.monitor.startswith("val_"):
        return None
    by = monitor_user(config)
    if by is None:
        return None
    return UserError(
        f"{by} goes by trainer.monitor={trainer.monitor}, but data.split.valid=0 leaves "
        "no validation rows",
        "data.split.valid > 0, or trainer.monitor is train_loss or train_accuracy",
        f"trainer.monitor={trainer.monitor.replace('val_', 'train_')}",
    )


def monitor_user(config: Config) -> str | None:
    """What goes by `trainer.monitor`, as it is typed; None where nothing does."""
    users = [
        (config.reg.patience is not None, f"reg.patience={config.reg.patience}"),
        (isinstance(config.scheduler, PlateauSchedulerConfig), "scheduler=plateau"),
        (config.trainer.checkpoint == "best", "trainer.checkpoint=best"),
    ]
    return next((by for used, by in users if used), None)


def model_is_given(config: Config) -> UserError | None:
    """`model=custom` needs `model._target_`."""
    if isinstance(config.model, CustomModelConfig) and not config.model._target_:
        return UserError(
            "model=custom without model._target_",
            "model._target_ is the import path of a torch.nn.Module: package.module.Class",
            "model=custom model._target_=package.module.Net",
        )
    return None


def skip_has_a_place(config: Config) -> UserError | None:
    """`model.skip` needs two neighbouring hidden layers of one width."""
    model = config.model
    if not isinstance(model, MLPConfig) or not model.skip:
        return None
    if any(a == b for a, b in zip(model.hidden, model.hidden[1:], strict=False)):
        return None
    width = model.hidden[0] if model.hidden else 128
    return UserError(
        f"model.skip=true with model.hidden={literal(model.hidden)}",
        "at least two neighbouring hidden layers have the same width",
        f"model.hidden={literal([width, width])}",
    )


def dropout_fits_the_layers(config: Config) -> UserError | None:
    """`reg.dropout` needs hidden layers of `model=mlp`; a list has a share for each of them."""
    rates = config.reg.dropout
    shares = rates if isinstance(rates, list) else [rates]
    hidden = len(config.model.hidden) if isinstance(config.model, MLPConfig) else 0
    if not any(shares) and not (isinstance(rates, list) and hidden):
        return None
    quoted = f"reg.dropout={literal(rates)}"
    if isinstance(config.model, CustomModelConfig):
        return UserError(
            f"{quoted} with model=custom, whose layers are its own",
            "a custom model does its own dropout; reg.input_dropout works with every model",
            "reg.dropout=0",
        )
    if not hidden:
        return UserError(
            f"{quoted} with a model that has no hidden layer",
            "reg.dropout needs hidden layers; reg.input_dropout works with every model",
            "reg.dropout=0",
        )
    if isinstance(rates, list) and len(rates) != hidden:
        return UserError(
            f"{quoted} has length {len(rates)}, model.hidden has length {hidden}",
            "reg.dropout is one number, or a list with one share for each hidden layer",
            f"reg.dropout={literal((rates + [rates[-1]] * hidden)[:hidden])}",
        )
    return None


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


def _has_test_file(config: Config) -> bool:
    """Whether the source brings test rows of its own, so that `data.split.test` is not used."""
    data = config.data
    if isinstance(data, CsvConfig):
        return bool(data.test_path)
    return isinstance(data, IdxConfig) and bool(data.path or data.test_images)


RULES: tuple[Contradiction, ...] = (
    names_match,
    source_is_given,
    shares_leave_train_rows,
    fold_is_given,
    split_column_is_given,
    columns_have_one_part,
    sentinels_are_numbers,
    made_table_is_possible,
    monitor_has_rows,
    model_is_given,
    skip_has_a_place,
    dropout_fits_the_layers,
    nesterov_has_momentum,
    betas_are_two,
    targets_are_classes,
    class_weights_fit,
)
