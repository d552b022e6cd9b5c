"""Fitted transformers as plain data: JSON and arrays, with nothing in them that names code.

Only the classes of REGISTRY are built, and only the parameters and attributes listed there are
set, so a file can choose numbers and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnexp.data.numeric import MODEL_ROWS

Arrays = dict[str, np.ndarray]

DTYPES = ("float64", "float32", "int64", "int32", "bool")
QUANTILES = ("quantiles_", "references_", "n_quantiles_", "n_features_in_")
REGISTRY: dict[str, tuple[str, ...]] = {
    "SimpleImputer": ("statistics_", "n_features_in_", "_fit_dtype", "_fill_dtype", "indicator_"),
    "KNNImputer": ("_fit_X", "_mask_fit_X", "_valid_mask", "n_features_in_", "indicator_"),
    "IterativeImputer": (
        "initial_imputer_",
        "imputation_sequence_",
        "n_iter_",
        "n_features_in_",
        "n_features_with_missing_",
        "_is_empty_feature",
        "_min_value",
        "_max_value",
        "indicator_",
    ),
    "BayesianRidge": ("coef_", "intercept_", "n_features_in_"),
    "StandardScaler": ("mean_", "var_", "scale_", "n_samples_seen_", "n_features_in_"),
    "MinMaxScaler": (
        "min_",
        "scale_",
        "data_min_",
        "data_max_",
        "data_range_",
        "n_samples_seen_",
        "n_features_in_",
    ),
    "RobustScaler": ("center_", "scale_", "n_features_in_"),
    "QuantileTransformer": QUANTILES,  # of runs from before MidRankQuantiles
    "MidRankQuantiles": QUANTILES,
}
MAY_BE_INFINITE = ("_fit_X", "_min_value", "_max_value")  # the first holds NaN


class DamagedError(ValueError):
    """Saved state that no saving could have written."""


def to_plain(value: Any, arrays: Arrays, path: str) -> Any:
    """Turn a value into JSON, its arrays put into `arrays` under names that start with `path`.

    Arguments:
        value: None, bool, int, float, str, list, tuple, dict with string keys, numpy scalar,
            dtype or array, or a fitted estimator of a class in REGISTRY.
        arrays: filled.
        path: the value's place.

    Raises:
        TypeError: anything else.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.ndarray):
        # SimpleImputer keeps the numbers of strategy=constant as objects
        plain = value.astype(np.float64) if value.dtype.kind == "O" else value
        arrays[path] = np.ascontiguousarray(plain)
        return {"array": path}
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    if isinstance(value, np.generic):
        return {"scalar": [value.dtype.name, to_plain(value.item(), arrays, path)]}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, tuple | list):
        items = [to_plain(item, arrays, f"{path}.{place}") for place, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    name = type(value).__name__
    if name not in REGISTRY:
        raise TypeError(f"{name} at {path} is no plain data")
    state = {**value.get_params(deep=False), **_fitted(value, name)}
    return {
        "estimator": name,
        "state": {key: to_plain(item, arrays, f"{path}.{key}") for key, item in state.items()},
    }


def from_plain(plain: Any, arrays: Arrays) -> Any:
    """Turn what `to_plain` gave back into the value.

    Raises:
        DamagedError: a name, type or number that saving does not write.
    """
    if plain is None or isinstance(plain, bool | str | int | float):
        return plain
    if isinstance(plain, list):
        return [from_plain(item, arrays) for item in plain]
    if not isinstance(plain, dict):
        raise DamagedError(f"a {type(plain).__name__}")
    if set(plain) == {"estimator", "state"}:
        return _build(plain["estimator"], plain["state"], arrays)
    if len(plain) != 1:
        raise DamagedError(f"an entry with the keys {sorted(map(str, plain))[:4]}")
    ((kind, item),) = plain.items()
    read = _READERS.get(kind)
    if read is None:
        raise DamagedError(f"an entry of kind {str(kind)[:40]!r}")
    return read(item, arrays)


def _fitted(estimator: Any, name: str) -> dict[str, Any]:
    known = vars(estimator)
    return {key: known[key] for key in REGISTRY[name] if key in known}


def _build(name: Any, state: Any, arrays: Arrays) -> Any:
    if not isinstance(name, str) or name not in REGISTRY or not isinstance(state, dict):
        raise DamagedError(f"an estimator {str(name)[:40]!r}")
    estimator = _class(name)()
    allowed = {*estimator.get_params(deep=False), *REGISTRY[name]}
    for key, item in state.items():
        if key not in allowed:
            raise DamagedError(f"{name} with {str(key)[:40]!r}")
        value = from_plain(item, arrays)
        if isinstance(value, np.ndarray) and key not in MAY_BE_INFINITE:
            _check_finite(f"{name}.{key}", value)
        if key == "_fit_X" and len(value) > MODEL_ROWS:  # every prediction goes through them
            raise DamagedError(f"{name} of {len(value)} rows")
        if key == "imputation_sequence_":
            value = _imputation_sequence(value)
        setattr(estimator, key, value)
    return estimator


class _Imputation(NamedTuple):
    """One step of IterativeImputer, whose own type for it is private."""

    feat_idx: int
    neighbor_feat_idx: np.ndarray
    estimator: Any


def _imputation_sequence(value: Any) -> list[_Imputation]:
    if not isinstance(value, list) or not all(
        isinstance(step, tuple) and len(step) == 3 for step in value
    ):
        raise DamagedError("a sequence of imputations")
    return [_Imputation(*step) for step in value]


def _check_finite(place: str, array: np.ndarray) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DamagedError(f"{place} that is not finite")


def _array(item: Any, arrays: Arrays) -> np.ndarray:
    if not isinstance(item, str) or item not in arrays:
        raise DamagedError(f"an array {str(item)[:40]!r} that is not there")
    array = arrays[item]
    if array.dtype.name not in DTYPES or array.ndim > 2 or (0 in array.shape):
        raise DamagedError(f"an array of {array.dtype.name} and shape {array.shape}")
    return array


def _dtype(item: Any, arrays: Arrays) -> np.dtype:
    if item not in DTYPES:
        raise DamagedError(f"a dtype {str(item)[:40]!r}")
    return np.dtype(item)


def _scalar(item: Any, arrays: Arrays) -> Any:
    if not isinstance(item, list) or len(item) != 2:
        raise DamagedError("a scalar without a dtype")
    return _dtype(item[0], arrays).type(from_plain(item[1], arrays))


def _float(item: Any, arrays: Arrays) -> float:
    if item not in ("nan", "inf", "-inf"):
        raise DamagedError(f"a number {str(item)[:40]!r}")
    return float(item)


def _tuple(item: Any, arrays: Arrays) -> tuple[Any, ...]:
    if not isinstance(item, list):
        raise DamagedError("a tuple without items")
    return tuple(from_plain(part, arrays) for part in item)


_READERS: dict[str, Callable[[Any, Arrays], Any]] = {
    "array": _array,
    "dtype": _dtype,
    "scalar": _scalar,
    "float": _float,
    "tuple": _tuple,
}


def _class(name: str) -> Any:
    from sklearn import impute, linear_model, preprocessing
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401

    from nnexp.data.quantiles import MidRankQuantiles

    classes = {
        "SimpleImputer": impute.SimpleImputer,
        "KNNImputer": impute.KNNImputer,
        "IterativeImputer": impute.IterativeImputer,
        "BayesianRidge": linear_model.BayesianRidge,
        "StandardScaler": preprocessing.StandardScaler,
        "MinMaxScaler": preprocessing.MinMaxScaler,
        "RobustScaler": preprocessing.RobustScaler,
        "QuantileTransformer": preprocessing.QuantileTransformer,
        "MidRankQuantiles": MidRankQuantiles,
    }
    return classes[name]
