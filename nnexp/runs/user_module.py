"""A torch.nn.Module of the user's own, by the import path that the configuration names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import Tensor, nn

from nnexp.config.schema.model import CustomModelConfig
from nnexp.errors import UserError
from nnexp.model.draws import seeded
from nnexp.model.module import ModuleModel
from nnexp.runs.user_class import check_import_path


def user_model(
    given: CustomModelConfig, inputs: int, code_columns: int, outputs: int
) -> ModuleModel:
    """The architecture of a user's module; importing it runs its code.

    Arguments:
        given: the configuration.
        inputs: width of the table.
        code_columns: how many columns of embedding codes the table has; it must be none.
        outputs: width that the loss needs.

    Raises:
        UserError: it cannot be imported or made, or does not take the rows or give the outputs.
    """
    factory = _user_module(given, inputs, code_columns, outputs)
    _try_module(factory, given._target_, inputs, outputs)
    with _staying():
        return ModuleModel(factory, inputs, outputs)


def _user_module(
    given: CustomModelConfig, inputs: int, code_columns: int, outputs: int
) -> Callable[[], nn.Module]:
    """A factory of the module that `model._target_` names, called once to see that it works."""
    path = given._target_ or ""
    if code_columns:
        raise UserError(
            "a module of your own takes numbers, and this table has columns of embedding codes",
            "data.encoding=onehot or ordinal, and data.missing other than embedding",
            "data.encoding=onehot data.missing=mean",
        )
    check_import_path(path)
    module_name, _, name = path.rpartition(".")
    try:
        with _working_directory_importable(), _staying():
            made = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"model._target_={path or 'null'} cannot be imported: {error}",
            "the import path of a torch.nn.Module class that Python finds from here",
            "model=custom model._target_=package.module.Class",
        ) from error
    known = {"inputs": inputs, "outputs": outputs}

    def factory() -> nn.Module:
        with _working_directory_importable():  # it may import when it is called
            return made(**{**known, **given.args})

    try:
        with _staying():
            module = factory()
    except Exception as error:
        raise UserError(
            f"{path} cannot be made: {type(error).__name__}: {error}".splitlines()[0],
            f"a class called with inputs={inputs}, outputs={outputs} and what model.args holds",
            "'model.args={width:64}'",
        ) from error
    trains = isinstance(module, nn.Module) and any(p.requires_grad for p in module.parameters())
    if not trains:
        raise UserError(
            f"{path} made {type(module).__name__}, which has no parameters to train",
            "a torch.nn.Module with parameters",
            "model=custom model._target_=package.module.Class",
        )
    return factory


@contextmanager
def _working_directory_importable() -> Iterator[None]:
    """Let modules beside the user's files be found, after all that is installed."""
    here = str(Path.cwd())
    if here in sys.path:
        yield
        return
    sys.path.append(here)
    try:
        yield
    finally:
        with suppress(ValueError):  # the user's code may have taken it away
            sys.path.remove(here)


@contextmanager
def _staying() -> Iterator[None]:
    """Let a user's code that calls `sys.exit` fail as by any other error, and not end the command.

    Raises:
        RuntimeError: it did.
    """
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"it calls sys.exit({error.code!r})") from error


def _try_module(
    factory: Callable[[], nn.Module], path: str | None, inputs: int, outputs: int
) -> None:
    """Refuse a user's module that does not take the table's rows or give its outputs."""
    rows = 3
    try:
        with torch.no_grad(), seeded(0), _staying():
            out = factory().eval()(torch.zeros(rows, inputs))
        found = f"gives {tuple(out.shape)}"
    except Exception as error:
        out, found = None, f"fails: {type(error).__name__}: {error}".splitlines()[0]
    if not isinstance(out, Tensor) or out.shape != (rows, outputs):
        raise UserError(
            f"{path}, called with {rows} rows of {inputs} numbers, {found}",
            f"outputs of shape ({rows}, {outputs}); its arguments `inputs` and `outputs` say so",
            f"model.outputs=N where the loss allows another width than {outputs}",
        )
