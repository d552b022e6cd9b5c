"""Contradictions between the keys of the network."""

from __future__ import annotations

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig, MLPConfig
from nnexp.errors import UserError


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


def batch_norm_has_rows(config: Config) -> UserError | None:
    """`model.norm=batch` needs batches of two rows and more."""
    if getattr(config.model, "norm", "none") != "batch" or config.trainer.batch_size > 1:
        return None
    return UserError(
        "model.norm=batch with trainer.batch_size=1",
        "one row has no variance to be normalised by: 2 rows in a batch at least, better 16",
        "trainer.batch_size=32",
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
