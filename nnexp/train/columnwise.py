"""NumPy's powers and cosines of a table of members, so that no member notices its neighbours.

NumPy computes them with vector code or with scalar code, by the length and the strides of an
array, and the two round otherwise. A column of its own has the same length and strides in a stack
of any size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def columnwise(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """`function` of arrays, elementwise, each member rounded as it would be alone.

    Arguments:
        function: from arrays of equal shape to one of that shape.
        arrays: (S, K), or what broadcasts to it.

    Returns:
        (S, K) float64.
    """
    tables = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in arrays))
    columns = [np.ascontiguousarray(table.T) for table in tables]  # (K, S)
    out = np.empty_like(columns[0])
    for member, row in enumerate(out):
        row[:] = function(*(column[member] for column in columns))
    return out.T
