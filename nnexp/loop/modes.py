"""Training and evaluation mode: what differs between them, or should and does not."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.quiet import quiet
from nnexp.loop.record import LoopRecord
from nnexp.loop.returned import Path, tensor_of

TRAIN_FIRST = "model.train() before the steps"


def stale_batch_norm(
    model: nn.Module, record: LoopRecord, evaluated: float, trained: float, best: float
) -> list[Nomination]:
    """Batch normalisation whose running statistics do not fit what it was trained with.

    Arguments:
        model, record: as watched.
        evaluated, trained: loss of the same train rows in evaluation and in training mode.
        best: loss that is good, for scale: that of naming the class shares.
    """
    norms = [one for one in model.modules() if isinstance(one, _BatchNorm)]
    if not norms:
        return []
    always = bool(record.training) and not any(record.training)
    drops = any(isinstance(one, nn.Dropout) and one.p > 0 for one in model.modules())
    evidence = (
        Evidence("loss of the same train rows, in evaluation mode", evaluated, "as below"),
        Evidence("loss of the same train rows, in training mode", trained, "as above"),
        Evidence("rows of a batch", record.batch, "16 or more"),
    )
    worse = evaluated > 1.5 * trained + 0.1 * best
    if always:
        return [
            Nomination(
                "batchnorm_mode",
                (Evidence("steps looked at in evaluation mode", len(record.training), "0"),),
                "trained in evaluation mode, batch normalisation never sees the statistics of its "
                "inputs and normalises nothing",
                (TRAIN_FIRST,),
                0.97,
            )
        ]
    momentum = [one.momentum for one in norms if one.momentum is not None]
    if not worse or drops:
        return []
    small = record.batch <= 8
    return [
        Nomination(
            "batchnorm_mode",
            evidence,
            "in evaluation mode the running statistics are used, and they do not fit the layers "
            "as they are now: what was learnt does not show",
            (
                "batches of 32 rows"
                if small
                else "momentum=0.1 in BatchNorm1d"
                if momentum and min(momentum) < 0.05
                else "model.train() before the steps and model.eval() before the evaluation",
            ),
            0.93,
        )
    ]


def random_outputs(model: nn.Module, x: Tensor, path: Path) -> list[Nomination]:
    """Outputs that differ from call to call in evaluation mode.

    Arguments:
        model: any module.
        x: (n, ...) some rows.
        path: to the tensor that is judged.
    """
    with quiet(model):
        first, second = (tensor_of(model(x), path).double() for _ in range(2))
    apart, spread = _size(first - second), _size(first - first.mean(0))
    if not apart > 1e-3 * spread:  # none for NaN
        return []
    return [
        Nomination(
            "over_regularized",
            (
                Evidence(
                    "difference of two evaluations of the same rows, over the spread of outputs",
                    apart / max(spread, 1e-12),
                    "0 in evaluation mode",
                ),
            ),
            "the outputs are random in evaluation mode too, as with F.dropout without training=: "
            "what is left out in training is left out of every prediction",
            ("F.dropout(x, p, training=self.training), or torch.nn.Dropout",),
            0.9,
            subject="random in evaluation mode",
        )
    ]


def _size(rows: Tensor) -> float:
    return float(rows.pow(2).mean().sqrt())
