"""nnexp: train multilayer perceptrons on tables, and trust the numbers."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnexp.diagnosis.auditing import audit as audit
    from nnexp.diagnosis.curves import diagnose_history as diagnose_history
    from nnexp.leaderboard import compare as compare
    from nnexp.run_parts import parts as parts
    from nnexp.runs.continuation import resume as resume
    from nnexp.runs.runner import run as run
    from nnexp.runs.task import Run as Run
    from nnexp.saved_model import load as load
    from nnexp.sweep.lr_find import find_rate as find_rate
    from nnexp.sweeping import Sweep as Sweep
    from nnexp.sweeping import multirun as multirun
    from nnexp.verdict.diagnose import diagnose as diagnose
    from nnexp.watching import watch as watch

from nnexp.errors import UserError as UserError

# MKL reads it at its first product: products then round alike wherever their operands lie in
# memory, and a member of a stack does not notice its neighbours
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

__version__ = "0.1.0"
__all__ = [
    "Run",
    "Sweep",
    "UserError",
    "__version__",
    "audit",
    "compare",
    "diagnose",
    "diagnose_history",
    "find_rate",
    "load",
    "multirun",
    "parts",
    "resume",
    "run",
    "watch",
]

# imported when asked for: `nnexp --help` should not wait for torch
_HOMES = {
    "Run": "nnexp.runs.task",
    "Sweep": "nnexp.sweeping",
    "audit": "nnexp.diagnosis.auditing",
    "compare": "nnexp.leaderboard",
    "diagnose": "nnexp.verdict.diagnose",
    "diagnose_history": "nnexp.diagnosis.curves",
    "find_rate": "nnexp.sweep.lr_find",
    "load": "nnexp.saved_model",
    "multirun": "nnexp.sweeping",
    "parts": "nnexp.run_parts",
    "resume": "nnexp.runs.continuation",
    "run": "nnexp.runs.runner",
    "watch": "nnexp.watching",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'nnexp' has no attribute {name!r}")
