"""By which validation score runs are ranked where nobody says, and which losses can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.leaderboard.grouping import differs

MONITOR = "trainer.monitor"


def sort_of(configs: Sequence[Mapping[str, Any]]) -> str:
    """The score that ranks runs: their validation loss, where losses can be compared.

    It is the accuracy where all runs monitor accuracies, and where they differ in what their loss
    measures.

    Arguments:
        configs: dotted key -> value, of each run.
    """
    monitors = {str(config[MONITOR]) for config in configs if MONITOR in config}
    by_accuracy = bool(monitors) and all(own.endswith("accuracy") for own in monitors)
    return "val_accuracy" if by_accuracy or incomparable(configs) else "val_loss"


def incomparable(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys by which the losses of runs measure different things.

    The kind of loss and what scales it; the batch size, where losses are sums over a batch.
    """
    summed = any(config.get("loss.reduction") == "sum" for config in configs)
    keys = dict.fromkeys(key for config in configs for key in config)
    scales = [k for k in keys if k.startswith("loss.") or (summed and k == "trainer.batch_size")]
    return [key for key in scales if differs(key, configs)]
