"""Inputs and targets of any kind as arrays that torch takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from torch import Tensor

from nnexp.errors import UserError

WIDEST = 8  # bytes of a number that torch has


def array(given: Any, what: str, part: str) -> np.ndarray:
    """Inputs or targets as an array of numbers, truth values, texts or objects.

    Numbers are in the byte order of the machine, whole ones without a sign have one, and floats
    have at most 64 bits. Missing cells of a frame's numbers are NaN.

    Arguments:
        given: tensor, array, list, frame or series.
        what: `inputs` or `targets`, for the error.
        part: `train` or `valid`.

    Raises:
        UserError: it holds complex numbers, dates or anything else, or too large a number.
    """
    if isinstance(given, Tensor):
        held = given.detach().cpu()
        found = held.float().numpy() if held.dtype == torch.bfloat16 else held.numpy()
    elif isinstance(given, (pd.DataFrame, pd.Series)):
        found = _of_frame(given)
    else:
        found = np.asarray(given)
    kind, size = found.dtype.kind, found.dtype.itemsize
    if kind == "u" and size > 1 and found.size and int(found.max()) > np.iinfo(np.int64).max:
        raise UserError(
            f"{part}= has {what} up to {found.max()}", "whole numbers up to 2^63", f"{part}=(X, y)"
        )
    if kind == "u" and size > 1:
        return found.astype(np.int64)
    if kind == "f" and size > WIDEST:
        return found.astype(np.float64)
    if kind in "biuf":
        return found.astype(found.dtype.newbyteorder("="), copy=False)
    if kind in "OUS":
        return found
    raise UserError(
        f"{part}= has {what} of dtype {found.dtype}",
        "numbers" if what == "inputs" else "numbers or labels",
        f"{part}=(X, y)",
    )


def _of_frame(given: pd.DataFrame | pd.Series) -> np.ndarray:
    """The cells of a frame or a series; those of numbers as numbers, whatever their columns hold
    them in.
    """
    found = given.to_numpy()
    dtypes = [given.dtype] if isinstance(given, pd.Series) else list(given.dtypes)
    if found.dtype != object or not all(
        is_numeric_dtype(own) or is_bool_dtype(own) for own in dtypes
    ):
        return found
    whole = all(own.kind in "iub" for own in dtypes) and not given.isna().to_numpy().any()
    return given.to_numpy(np.int64) if whole else given.to_numpy(np.float64, na_value=np.nan)
