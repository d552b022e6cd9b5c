"""The configuration as the columns of TensorBoard's HPARAMS tab: some are the same in every run,
and what was typed for the run, or for others of its sweep, has one besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config

Value = bool | float | str | None
_EITHER = ("threads", "model.outputs")  # auto or a number


def hparams(
    config: Config, overrides: Iterable[str] = (), columns: Iterable[str] = ()
) -> dict[str, Value]:
    """Key -> value; what an option does not have stands as the value that does nothing.

    A number that is not given is None: a text among numbers could not be sorted.

    Arguments:
        config: the run's.
        overrides: what was typed for it: their keys have columns, too, and a group that of its
            option as typed.
        columns: further keys, as `typed_keys` gives those of a sweep; None where the run lacks one.
    """
    found = _always(config)
    tree = asdict(config)
    typed = dict(map(_split, overrides))
    for name in [*filter(_is_of_run, typed), *columns]:
        group = "." not in name and isinstance(tree.get(name, {}), dict)
        if group and name in typed:
            found[name] = typed[name].strip("\"'")
        elif name not in found:
            found[name] = None if group else _cell(name, _select(tree, name))
    return found


def typed_keys(overrides: Iterable[Sequence[str]]) -> list[str]:
    """The keys and groups that the words of some runs set, each once; none of how to run them."""
    names = dict.fromkeys(_split(word)[0] for words in overrides for word in words)
    return list(filter(_is_of_run, names))


def _is_of_run(name: str) -> bool:
    return name.partition(".")[0] not in ("hydra", "sweep", "")


def _split(word: str) -> tuple[str, str]:
    """A word's key and value; no key where it takes one away, or is about Hydra's options."""
    name, _, value = word.lstrip("+").partition("=")
    return "" if name.startswith("~") or "/" in name else name.partition("@")[0], value


def _select(tree: Any, name: str) -> Any:
    """The value of a dotted key; None where there is none."""
    for part in name.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _cell(name: str, value: Any) -> Value:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and name not in _EITHER:
        return float(value)
    return literal(value)


def _always(config: Config) -> dict[str, Value]:
    """The columns of every run."""
    model, optimizer, reg = config.model, config.optimizer, config.reg

    def text(value: object) -> str | None:
        return None if value is None else str(value).replace(" ", "")

    def number(value: object) -> float | None:
        return float(value) if isinstance(value, int | float) else None

    each = reg.dropout if number(reg.dropout) is None else None  # a list, one for each layer

    return {
        "seed": float(config.seed),
        "data.split.fold": number(config.data.split.fold),
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
        "reg.dropout": number(reg.dropout),
        "reg.dropout by layer": text(each),
        "reg.input_dropout": reg.input_dropout,
        "reg.label_smoothing": reg.label_smoothing,
        "reg.grad_clip": number(reg.grad_clip),
        "reg.patience": number(reg.patience),
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
