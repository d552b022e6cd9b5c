"""A fresh model trained as a loop trained its own, mistakes and all, but for one change."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nnexp.loop.batched import is_sorted
from nnexp.loop.fresh import fresh
from nnexp.loop.kernel import Kernel
from nnexp.loop.modes import dropouts
from nnexp.loop.outputs import decide, linear_layers
from nnexp.loop.quiet import quiet, same_gradients, unwarned
from nnexp.loop.record import APPLIED
from nnexp.loop.returned import each, tensor_of
from nnexp.loop.score import Score, explained
from nnexp.loop.turned import factor_of

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

MOST = 2000  # steps
STEADY = 1e-6  # of the first learning rate, by which it differs where there is no schedule
BATCHES = 1 << 32  # above the seeds of initial weights: those of batches
NO_SCORE = Score(math.nan, math.nan, np.zeros(0))


@dataclass(frozen=True)
class Retraining:
    """How a fresh model is trained.

    Arguments:
        lr: another learning rate; None for the loop's.
        constant: whether the rate stays as it begins, whatever the loop's schedule makes of its.
        steps: factor on the number of steps.
        on_logits: cross-entropy on what the last linear layer gives, whatever comes behind it.
        scaled: whether columns are scaled by the train rows first.
        decay: whether the optimizer's weight decay stays.
        dropout: whether dropout stays.
        smoothed: whether the loss smooths labels as it does.
        momentum: another momentum of the optimizer; None for the loop's.
        whole: whether the loop's own mistakes are mended: gradients cleared, all parameters
            trained, in training mode, with the loss's own sign and mean.
        unscaled: whether a loss is as large as its kind is, whatever factor it has.
        reached: whether all parameters are trained, also those that the factory freezes.
        balanced: whether rows weigh by the rarity of their class.
        reshaped: whether targets get the shape of the outputs.
        shuffled: whether rows are shuffled, however the loop has them.
        inputs: `zero` for rows of zeros.
        labels: `permuted` for shuffled train labels.
    """

    lr: float | None = None
    constant: bool = False
    steps: float = 1.0
    on_logits: bool = False
    scaled: bool = False
    decay: bool = True
    dropout: bool = True
    smoothed: bool = True
    momentum: float | None = None
    whole: bool = False
    unscaled: bool = False
    reached: bool = False
    balanced: bool = False
    reshaped: bool = False
    shuffled: bool = False
    inputs: str = ""
    labels: str = ""


def score(watch: LoopWatch, arm: Retraining, seed: int, only: int | None = None) -> Score:
    """The score on held-out rows (train rows without any) after a training.

    Arguments:
        watch: what is trained.
        arm: how.
        seed: of initial weights and batches.
        only: train on so many rows alone, and judge by them.

    Returns:
        NaN where the change cannot be made from here.
    """
    kept = same_gradients([watch.model, *watch.loss_modules])
    with watch.unseen(), kept, unwarned():  # as of shapes that are broadcast: a mistake kept
        return _trained(watch, arm, seed, only)


def score_of_loop(watch: LoopWatch) -> Score:
    """The same of the loop's own model as it is now."""
    assert watch.form is not None
    table = watch.table
    held = np.arange(table.train, len(table.x))
    rows = torch.from_numpy(held if len(held) else np.arange(table.train)).to(table.x.device)
    targets = watch.form.make(table, rows)
    return _judged(watch, watch.model, None, table.x[rows], table.codes[rows], targets)


def _trained(watch: LoopWatch, arm: Retraining, seed: int, only: int | None) -> Score:
    assert watch.form is not None
    table, record = watch.table, watch.record
    torch.manual_seed(seed)
    model = fresh(watch)
    torch.manual_seed(BATCHES + seed)  # a factory may set one itself, always the same
    x = _inputs(table.x, table.train, arm)
    targets = watch.form.make(table, torch.arange(len(x), device=x.device))
    index = torch.from_numpy(table.index).to(x.device)
    train = torch.arange(table.train, device=x.device)
    if only is not None:
        train = train[torch.randperm(len(train))[:only].to(x.device)]
    if arm.labels == "permuted":
        mixed = torch.randperm(table.train).to(x.device)
        targets = torch.cat((targets[: table.train][mixed], targets[table.train :]))
        index = torch.cat((index[: table.train][mixed], index[table.train :]))
    if arm.reached:
        model.requires_grad_(True)
    if not arm.dropout:
        for one in dropouts(model):
            one.p = 0.0
    tap = _Tap(model, x, len(table.classes)) if arm.on_logits else None
    if tap is not None and not tap.fits:
        return NO_SCORE
    loss_fn = watch.loss_fn if arm.smoothed else _unsmoothed(watch.loss_fn)
    if loss_fn is None:
        return NO_SCORE
    sign, clears, names, training = _mistakes(watch, arm)
    trained = {n: p for n, p in model.named_parameters() if names is None or n in names}
    optimizer = _optimizer(watch, trained or dict(model.named_parameters()), arm)
    # the loop's optimizer moves none of them, though its loss would
    nothing = names is not None and not trained and not (tap and _is_flat(watch, x, targets))
    weights = torch.bincount(index[: table.train], minlength=len(table.classes)).double()
    weights = (len(train) / (weights.clamp(min=1) * len(weights))).to(
        next(model.parameters()).dtype
    )
    gathers = watch.gathers
    steps = max(gathers, int(min(watch.steps, MOST) * arm.steps))
    batch = min(max(2, record.batch), len(train))
    model.train(training)
    by_class = None  # the order of rows in which the loop has them, where that is known
    if not arm.shuffled and only is None and is_sorted(record, table):
        by_class = torch.argsort(index[train], stable=True)

    def differentiate(rows: Tensor, first: bool) -> Tensor:
        """The loss of a batch, with its gradient; `first` of those gathered for a step."""
        out = watch.given(model(x[rows]))
        if tap is not None:
            loss = tap.loss(index[rows])
        else:
            given = out, targets[rows], arm, weights, index[rows]
            loss = sign * _loss(watch, loss_fn, *given)
            if arm.unscaled and watch.kernel.divided:
                loss = loss * len(rows)
        if clears and first:
            optimizer.zero_grad()
        if loss.requires_grad:
            (loss / gathers if arm.whole else loss).backward()
        return loss

    chosen = islice(_batches(train, batch, by_class), 0 if nothing else steps)
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    factors = None if arm.constant else _factors(watch, steps)
    for done, rows in enumerate(chosen):
        first = done % gathers == 0
        if factors is not None:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factors[done]
        if not differentiate(rows, first).requires_grad:
            return NO_SCORE
        if arm.reached and not done and _is_cut_off(watch, model):
            return NO_SCORE
        if (done + 1) % gathers == 0:
            if isinstance(optimizer, torch.optim.LBFGS):  # which asks several times
                closure: Any = partial(differentiate, rows, first)
                optimizer.step(closure)
            else:  # one of somebody's own may take none
                optimizer.step()
    rows = train if only is not None else torch.arange(len(x), device=x.device)[table.train :]
    rows = rows if len(rows) else train
    return _judged(watch, model, tap, x[rows], index[rows], targets[rows])


def _batches(train: Tensor, batch: int, by_class: Tensor | None) -> Iterator[Tensor]:
    """Batches of two rows or more without end; shuffled at each pass where no order is given."""
    while len(train) >= 2:
        order = torch.randperm(len(train)).to(train.device) if by_class is None else by_class
        yield from (rows for rows in train[order].split(batch) if len(rows) >= 2)


def _factors(watch: LoopWatch, steps: int) -> np.ndarray | None:
    """What the rate is multiplied by at each of `steps` steps, as the loop's went between the
    looks at it; None where it stayed.
    """
    points = watch.record.points
    seen = np.array([own["lr"] for own in points]) / (watch.first_lr or math.nan)
    if not np.isfinite(seen).all() or np.ptp(seen) < STEADY:
        return None
    at = np.array([own["step"] for own in points]) / max(1.0, points[-1]["step"])
    logs = np.log(np.maximum(seen, STEADY))  # a rate of 0 is next to nothing
    return np.exp(np.interp(np.linspace(0.0, 1.0, steps), at, logs))


def _is_cut_off(watch: LoopWatch, model: nn.Module) -> bool:
    """Whether parameters that the loop left at their start have no gradient here either, as behind
    a detach in the model: what it would be to train them cannot be seen.
    """
    own = dict(watch.model.named_parameters())
    return any(
        p.grad is None and torch.equal(own[name], watch.initial[name])
        for name, p in model.named_parameters()
    )


def _unsmoothed(loss_fn: Callable[..., Any]) -> Callable[..., Any] | None:
    """The loss without label smoothing; None where it cannot be taken out."""
    if not isinstance(loss_fn, nn.Module) or not hasattr(loss_fn, "label_smoothing"):
        return None
    own: Any = copy.copy(loss_fn)
    own.label_smoothing = 0.0
    return own


def _is_flat(watch: LoopWatch, x: Tensor, targets: Tensor) -> bool:
    """Whether the loop's own loss has no gradient in a fresh model, as after a softmax of one."""
    model = fresh(watch)
    rows = slice(0, max(2, watch.record.batch))
    out = watch.given(model(x[rows]))
    index = torch.zeros(0, dtype=torch.long)
    loss = _loss(watch, watch.loss_fn, out, targets[rows], Retraining(), torch.zeros(0), index)
    if not loss.requires_grad:
        return False
    loss.backward()
    found = [p.grad for p in model.parameters() if p.grad is not None]
    return bool(found) and not any(bool(own.any()) for own in found)


def _inputs(x: Tensor, train: int, arm: Retraining) -> Tensor:
    if arm.inputs == "zero":
        return torch.zeros_like(x)
    if not arm.scaled or not x.is_floating_point():
        return x
    known = x[:train].double()
    std = known.std(0, correction=0)
    scaled = (x.double() - known.mean(0)) / torch.where(std > 0, std, torch.ones_like(std))
    return scaled.to(x.dtype)


def _mistakes(watch: LoopWatch, arm: Retraining) -> tuple[float, bool, set[str] | None, bool]:
    """Factor on the loss, whether gradients are cleared, what is trained, and the mode."""
    if arm.whole:
        factor = -1.0 if watch.kernel.sign < 0 else 1.0
        return (factor / watch.kernel.scale if arm.unscaled else factor), True, None, True
    record = watch.record
    held = {id(p) for group in watch.optimizer.param_groups for p in group["params"]}
    moved = {
        name
        for name, p in watch.model.named_parameters()
        if id(p) in held and not torch.equal(p, watch.initial[name])
    }
    clears = not (record.backwards >= 2 and record.uncleared == record.backwards)
    training = not record.training or any(record.training)
    names = None if arm.reached else moved
    return factor_of(watch), clears, names, training


def _optimizer(
    watch: LoopWatch, parameters: dict[str, Any], arm: Retraining
) -> torch.optim.Optimizer:
    """An optimizer as the loop's, with its groups of parameters and the rates they began with.

    Arguments:
        parameters: of a fresh model, by name; what no group of the loop's holds goes to the first.
    """
    names = {id(p): name for name, p in watch.model.named_parameters()}
    groups = watch.optimizer.param_groups
    place = {names.get(id(p)): at for at, group in enumerate(groups) for p in group["params"]}
    # those that came later have the rates that they have now
    rates = [*watch.first_rates, *(float(own["lr"]) for own in groups[len(watch.first_rates) :])]
    if arm.lr is not None:  # of the first group; what they are to each other stays
        first = watch.first_lr
        rates = [rate * arm.lr / first if first > 0 else arm.lr for rate in rates]
    if arm.whole and watch.kernel.summed:
        rates = [rate / max(1, watch.record.batch) for rate in rates]
    made = []
    for at, (group, rate) in enumerate(zip(groups, rates, strict=True)):
        own = [p for name, p in parameters.items() if place.get(name, 0) == at]
        if own:
            made.append({"params": own, "lr": rate, **_options(watch, group, arm)})
    options = _options(watch, groups[0], arm)
    if isinstance(watch.optimizer, torch.optim.AdamW):
        options.pop("decoupled_weight_decay", None)
    make: Callable[..., torch.optim.Optimizer] = type(watch.optimizer)
    return make(made, lr=made[0]["lr"], **options)


def _options(watch: LoopWatch, group: dict[str, Any], arm: Retraining) -> dict[str, Any]:
    """What a group has besides parameters and rate."""
    options = {
        key: group.get(key, value)
        for key, value in watch.optimizer.defaults.items()
        if key not in ("initial_lr", "lr")
    }
    if arm.whole and "maximize" in options:
        options["maximize"] = False
    if not arm.decay and "weight_decay" in options:
        options["weight_decay"] = 0.0
    if arm.momentum is not None:
        options["momentum"] = arm.momentum
    return options


def _loss(
    watch: LoopWatch,
    loss_fn: Callable[..., Any],
    out: Any,
    targets: Tensor,
    arm: Retraining,
    weights: Tensor,
    index: Tensor,
) -> Tensor:
    fed = each(out, APPLIED[watch.applied])
    if arm.reshaped and isinstance(fed, Tensor):
        targets = targets.reshape(fed.shape)
    if arm.balanced and watch.kernel.kind == "softmax" and isinstance(fed, Tensor):
        return functional.cross_entropy(fed, index, weights)
    if arm.balanced and watch.kernel.kind == "logistic" and isinstance(fed, Tensor):
        rows = weights[index].reshape(-1, *([1] * (fed.ndim - 1)))
        return functional.binary_cross_entropy_with_logits(fed, targets.to(fed.dtype), rows)
    loss: Tensor = loss_fn(fed, targets)
    return loss.mean() if loss.ndim else loss


class _Tap:
    """Takes the logits from behind the last linear layer.

    Arguments:
        model: any module.
        x: (n, ...) some rows.
        classes: C.

    Attributes:
        fits: whether there are as many as classes, or one for two of them.
    """

    def __init__(self, model: nn.Module, x: Tensor, classes: int) -> None:
        self.logits: Tensor | None = None
        layers = linear_layers(model, x[:2])
        last = layers[-1][1] if layers else model
        self.classes = classes
        self.fits = classes <= 2 or not layers or layers[-1][1].out_features >= classes
        last.register_forward_hook(self._take)

    def _take(self, layer: nn.Module, inputs: Any, out: Any) -> None:
        self.logits = tensor_of(out)

    def loss(self, index: Tensor) -> Tensor:
        """Cross-entropy of the classes; of one output for two of them, of being above 0."""
        assert self.logits is not None
        if self.logits.shape[-1] >= max(2, self.classes):
            return functional.cross_entropy(self.logits, index)
        flat = self.logits.reshape(len(self.logits), -1)[:, 0]
        return functional.binary_cross_entropy_with_logits(flat, (index > 0).to(flat.dtype))


def _judged(
    watch: LoopWatch, model: nn.Module, tap: _Tap | None, x: Tensor, index: Tensor, targets: Tensor
) -> Score:
    with quiet(model):
        out = watch.given(model(x))
    if not watch.table.is_classes:
        told, wanted = (one.reshape(len(one), -1).double() for one in (watch.main(out), targets))
        if told.shape != wanted.shape:  # of a loss that takes another form of them
            told, wanted = told[:, :1], wanted[:, :1]
        if watch.table.labels and watch.kernel.kind == "logistic":
            told = told.sigmoid()
        return explained(told.numpy(force=True), wanted.numpy(force=True))
    if tap is not None and tap.logits is not None:
        kind = "softmax" if tap.logits.shape[-1] > 1 else "logistic"
        found = decide(tap.logits, Kernel(kind), "logits", [0.0, 1.0])
    else:
        found = watch.classes_of(out)
    true = index.cpu().numpy()
    hits = found == true
    recalls = [hits[true == label].mean() for label in np.unique(true)]
    return Score(float(hits.mean()), float(np.mean(recalls)), hits.astype(np.float64))
