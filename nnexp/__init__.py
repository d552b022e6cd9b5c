"""nnexp: train multilayer perceptrons on tables, and trust the numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnexp.predict import load as load
    from nnexp.runner import Run as Run
    from nnexp.runner import run as run

from nnexp.errors import UserError as UserError

# MKL reads it at its first product: products then round alike wherever their operands lie in
# memory, and a member of a stack does not notice its neighbours
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

__version__ = "0.1.0"
__all__ = ["Run", "UserError", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    # imported when asked for: `nnexp --help` should not wait for torch
    if name in ("Run", "run"):
        from nnexp import runner

        return getattr(runner, name)
    if name == "load":
        from nnexp.predict import load

        return load
    raise AttributeError(f"module 'nnexp' has no attribute {name!r}")
