"""Training and evaluation mode: what differs between them, or should and does not."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.quiet import quiet
from nnexp.loop.record import LoopRecord
from nnexp.loop.returned import Path, tensor_of

LOOKS, LATE = 6, 3  # steps looked at, and the last of them, which stand for most of a loop
MIXED = 0.01  # of the spread of outputs, by which they differ with the other rows: no rounding
NOISY = 0.1  # difference of two evaluations over the spread of outputs: more than a little noise
TRAIN_FIRST = "model.train() before the steps"


def unused_batch_norm(model: nn.Module, record: LoopRecord) -> list[Nomination]:
    """Batch normalisation whose running statistics never move, whatever the loop does.

    Arguments:
        model, record: as watched.
    """
    norms = [one for one in _norms(model) if _is_untouched(one)]
    if not norms or not record.training:
        return []
    if not any(record.training):
        return [
            Nomination(
                "batchnorm_mode",
                (Evidence("steps looked at in evaluation mode", len(record.training), "0"),),
                "trained in evaluation mode, batch normalisation never sees the statistics of its "
                "inputs and normalises nothing",
                (TRAIN_FIRST,),
                0.97,
                certain=True,
            )
        ]
    if not any(one.momentum == 0 for one in norms):
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (Evidence("momentum of BatchNorm", 0.0, "about 0.1"),),
            "with a momentum of 0 the running statistics stay at their start: in evaluation mode "
            "rows are normalised by what no layer has",
            (_usual_momentum(norms),),
            0.95,
            certain=True,
        )
    ]


def mostly_evaluation(model: nn.Module, record: LoopRecord) -> list[Nomination]:
    """Dropout and batch normalisation that most steps go without, since the model evaluates.

    Arguments:
        model, record: as watched.
    """
    drops = any(one.p > 0 for one in dropouts(model))
    late = record.training[-LATE:]
    if not (drops or _norms(model)) or len(record.training) < LOOKS or any(late):
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (Evidence("steps in evaluation mode, of the last looked at", len(late), "0"),),
            "most steps are made in evaluation mode, where dropout drops nothing and batch "
            "normalisation keeps its statistics",
            (TRAIN_FIRST,),
            0.75,
        )
    ]


def stale_batch_norm(
    model: nn.Module, record: LoopRecord, evaluated: float, trained: float, best: float
) -> list[Nomination]:
    """Batch normalisation whose running statistics move, and do not fit what it was trained with.

    Arguments:
        model, record: as watched.
        evaluated, trained: loss of the same train rows in evaluation and in training mode.
        best: loss that is good, for scale: that of naming the class shares.
    """
    norms = _norms(model)
    drops = any(one.p > 0 for one in dropouts(model))
    worse = evaluated > 1.5 * trained + 0.1 * best
    if not norms or not worse or drops:
        return []
    momentum = [one.momentum for one in norms if one.momentum is not None]
    odd = momentum and (min(momentum) < 0.05 or max(momentum) > 0.9)
    return [
        Nomination(
            "batchnorm_mode",
            (
                Evidence(
                    "loss of train rows in evaluation mode",
                    evaluated,
                    f"about {trained:.4g}, as in training mode",
                ),
                Evidence("rows of a batch", record.batch, "16 or more"),
            ),
            "in evaluation mode the running statistics are used, and they do not fit the layers "
            "as they are now: what was learnt does not show",
            (
                _usual_momentum(norms)
                if odd
                else "batches of 32 rows"
                if record.batch <= 8
                else "model.train() before the steps and model.eval() before the evaluation",
            ),
            0.93,
        )
    ]


def dropouts(model: nn.Module) -> list[_DropoutNd]:
    """The layers that drop units or channels, of whatever kind."""
    return [one for one in model.modules() if isinstance(one, _DropoutNd)]


def _is_untouched(norm: _BatchNorm) -> bool:
    """Whether running statistics are those of a new layer; loaded ones may be kept on purpose."""
    mean, var = norm.running_mean, norm.running_var
    return mean is not None and var is not None and not mean.any() and bool((var == 1).all())


def _usual_momentum(norms: list[_BatchNorm]) -> str:
    return f"momentum=0.1 in {type(norms[0]).__name__}"


def _norms(model: nn.Module) -> list[_BatchNorm]:
    return [one for one in model.modules() if isinstance(one, _BatchNorm)]


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
            certain=apart >= NOISY * spread,
            subject="random in evaluation mode",
        )
    ]


def mixed_rows(first: Tensor, alone: Tensor) -> list[Nomination]:
    """Outputs of a row that depend on the other rows of its batch, in evaluation mode.

    Arguments:
        first: outputs of some rows, the first ones of a larger batch (n, ...).
        alone: of the same rows by themselves.
    """
    if first.shape != alone.shape or first.dtype not in (torch.float32, torch.float64):
        return []
    apart, spread = _size((first - alone).double()), _size((first - first.mean(0)).double())
    if not apart > MIXED * spread:  # none for NaN
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (
                Evidence(
                    "difference of outputs with other rows in the batch, over their spread",
                    apart / max(spread, 1e-12),
                    "0 in evaluation mode",
                ),
            ),
            "the rows of a batch are mixed with each other, as by a view that puts their numbers "
            "in other rows, or by a mean, softmax or normalisation over dim=0: what is said of a "
            "row is not of that row alone",
            ("out.reshape(len(x), -1), and dim=1 or -1 for what is of a row",),
            0.95,
            subject="rows of a batch are mixed",
        )
    ]


def _size(rows: Tensor) -> float:
    return float(rows.pow(2).mean().sqrt())
