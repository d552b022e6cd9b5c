"""A user's module for several members in one pass, where no member notices the others.

`torch.func.vmap` makes each operation of a module one over a leading axis of members. Whether a
member's last bits then depend on how many there are is a matter of the operations, so these are
looked at, once for each size of a batch:

- moving numbers about, arithmetic, and sums along an axis within a member: they do not;
- the exponential functions round the last few elements of a tensor otherwise (see `elementwise`):
  they do not where each member fills whole vectors;
- a product with a side of length one takes another path for one member than for several: a member
  alone then goes through beside a copy of itself;
- anything else is not known, and the module is run member by member.

A module that changes its buffers, parameters or plain attributes is run member by member, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.utils._python_dispatch import TorchDispatchMode

from nnexp.model.attributes import attributes, changed
from nnexp.model.elementwise import VECTOR

Values = Mapping[str, Tensor]

TRIED = 3  # members of a trial
ROWS = 4  # of the first trial


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# aten's names without the overload, and without the underscore of those that work in place
EXACT = _names(
    """
    abs add alias arange as_strided bitwise_and bitwise_not bitwise_or bmm cat clamp clamp_max
    clamp_min clone constant_pad_nd copy detach div empty empty_like eq expand eye fill flip full
    full_like gather ge gt hardtanh hardtanh_backward index index_select leaky_relu
    leaky_relu_backward le lift_fresh lift_fresh_copy linspace logical_and logical_not logical_or
    lt masked_fill maximum minimum mul ne neg new_empty new_full new_ones new_zeros ones ones_like
    permute relu repeat scalar_tensor select select_backward sgn sign slice slice_backward split
    split_with_sizes sqrt squeeze stack sub t threshold threshold_backward to _to_copy transpose
    tril triu unbind unsqueeze _unsafe_view _reshape_alias reshape unsafe_split view where zero
    zeros zeros_like
    """
)
ALONG_AN_AXIS = _names(
    """
    amax amin _log_softmax _log_softmax_backward_data mean native_layer_norm
    native_layer_norm_backward _softmax _softmax_backward_data sum var var_mean
    """
)
BY_PLACE = _names(
    """
    addcdiv addcmul cos elu elu_backward erf erfc exp exp2 expm1 gelu gelu_backward hardsigmoid
    hardsigmoid_backward hardswish hardswish_backward lerp log log10 log1p log2 log_sigmoid_backward
    log_sigmoid_forward mish mish_backward pow reciprocal rsqrt rsub sigmoid sigmoid_backward silu
    silu_backward sin softplus softplus_backward tanh tanh_backward
    """
)


@dataclass(frozen=True)
class Trial:
    """What a few members are tried with.

    Arguments:
        module: whose code is run.
        trained, kept: by name parameters, as leaves of autograd, and all else that the module
            holds, each (TRIED, *shape).
        x: (TRIED, B, D).
        tied: as for `forward`.
    """

    module: nn.Module
    trained: Values
    kept: Values
    x: Tensor
    tied: bool

    def run(self, training: bool, replaced: set[str] | None = None) -> list[Tensor | None]:
        """The outputs and, with `training`, the gradients, given ones by the outputs.

        Arguments:
            training: the mode.
            replaced: as for `forward`.
        """
        self.module.train(training)
        with torch.set_grad_enabled(training):
            out = forward(self.module, {**self.trained, **self.kept}, self.x, self.tied, replaced)
        return [out, *(backward(out, self.trained, torch.ones_like(out)) if training else ())]

    def look(self, training: bool) -> tuple[list[Tensor | None], _Recorder, str | None]:
        """What `run` gives, its operations, and in a line what the module changed, if it did."""
        self.module.train(training)
        tensors = {**self.kept, **self.trained}
        before = {name: value.detach().clone() for name, value in tensors.items()}
        held = attributes(self.module)
        replaced: set[str] = set()
        with _Recorder() as recorder:
            found = self.run(training, replaced)
        for name, value in tensors.items():
            if name in replaced or not torch.equal(value, before[name]):
                kind = "buffer" if name in self.kept else "parameter"
                return found, recorder, f"it changes its {kind} {name}"
        other = changed(held, attributes(self.module))
        if other is not None:
            return found, recorder, f"it changes its attribute {other}, which is not saved"
        return found, recorder, None

    def run_plainly(self, member: int, training: bool) -> list[Tensor | None]:
        """What `run` gives, for one member without vmap."""
        self.module.train(training)
        own = {
            name: value[member].detach().requires_grad_() for name, value in self.trained.items()
        }
        kept = {name: value[member] for name, value in self.kept.items()}
        with torch.set_grad_enabled(training):
            out = functional_call(self.module, {**own, **kept}, (self.x[member],))
        return [out, *(backward(out, own, torch.ones_like(out)) if training else ())]

    def members(self, rows: list[int]) -> Trial:
        """The same with some of the members."""
        own = {name: value[rows].detach().requires_grad_() for name, value in self.trained.items()}
        kept = {name: value[rows] for name, value in self.kept.items()}
        return Trial(self.module, own, kept, self.x[rows], self.tied)


@dataclass(frozen=True)
class Passes:
    """How batches of one size go through a module.

    Arguments:
        together: all members in one pass; else each in one of its own.
        doubled: a member that is alone in a pass goes beside a copy of itself.
        plain: a member that is alone in a pass goes without vmap, which is quicker; its numbers
            were seen to be the same.
        changing: the module changes what it holds, though it did not with a small batch; its
            members go one by one from then on.
    """

    together: bool
    doubled: bool
    plain: bool
    changing: bool = False


def forward(
    module: nn.Module,
    values: dict[str, Tensor],
    x: Tensor,
    tied: bool,
    replaced: set[str] | None = None,
) -> Tensor:
    """The outputs (K, B, C) of K members.

    Arguments:
        module: whose code is run, in its present mode; its own tensors are not read.
        values: by name all parameters and buffers of the members, each (K, *shape).
        x: (K, B, D).
        tied: whether some tensors of the module are one and the same.
        replaced: given the names in whose place the module puts other tensors, which are lost.

    Raises:
        RuntimeError: the module cannot be vmapped, or draws random numbers.
    """

    def one(own: dict[str, Tensor], rows: Tensor) -> Tensor:
        given = dict(own)
        out: Tensor = functional_call(module, own, (rows,), tie_weights=tied)
        if replaced is not None:  # `own` has what the module holds now
            replaced.update(name for name, value in given.items() if own[name] is not value)
        return out

    return vmap(one, randomness="error")(values, x)


def backward(out: Tensor, trained: Values, doutputs: Tensor) -> list[Tensor | None]:
    """The gradients by `trained`, in its order, from that by the outputs; None for the unused."""
    leaves = list(trained.values())
    return list(torch.autograd.grad(out, leaves, doutputs, allow_unused=True))


def why_not(make: Callable[[], Trial]) -> str | None:
    """Why a module cannot be run for several members in one pass, in a line; None where it can.

    Arguments:
        make: makes a trial of a small batch.
    """
    try:
        for training in (True, False):
            _, recorder, change = make().look(training)
            if recorder.unknown is not None:
                return f"{recorder.unknown} is not known to keep members apart"
            if change is not None:
                return change
    except Exception as error:
        return _reason(error)
    return None


def passes(trial: Trial, training: bool) -> Passes:
    """How batches of a trial's size are to go through a module for which `why_not` gave None.

    Arguments:
        trial: of such a batch.
        training: whether there is a backward pass.
    """
    whole, recorder, change = trial.look(training)
    if change is not None:
        return Passes(together=False, doubled=False, plain=False, changing=True)
    together = recorder.unknown is None and not recorder.ragged
    plain = not recorder.thin
    for member in range(TRIED):
        alone = trial.members([member, member] if recorder.thin else [member]).run(training)
        alone = [None if value is None else value[0] for value in alone]
        # the rules are about the kernels of today: see that they hold
        together &= _equal(alone, [None if value is None else value[member] for value in whole])
        # here kernels may differ, and where they do, many elements show it
        plain = plain and _equal(alone, trial.run_plainly(member, training))
    return Passes(together, recorder.thin, plain)


def _equal(ones: Sequence[Tensor | None], others: Sequence[Tensor | None]) -> bool:
    pairs = zip(ones, others, strict=True)
    return all(a is b if a is None or b is None else torch.equal(a, b) for a, b in pairs)


class _Recorder(TorchDispatchMode):
    """Sees every operation of a pass.

    Attributes:
        unknown: the first operation that no rule is known for.
        ragged: whether one that rounds by an element's place has members of broken vectors.
        thin: whether a matrix product has a side of length one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unknown: str | None = None
        self.ragged = self.thin = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # torch's own answer imports torch._dynamo, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        name = name.removesuffix("_")
        if name in BY_PLACE or (name in ("add", "sub") and (kwargs or {}).get("alpha", 1) != 1):
            first = result[0] if isinstance(result, tuple | list) else result
            self.ragged |= first.numel() % (TRIED * VECTOR) != 0
        elif name == "bmm":
            self.thin |= 1 in (*args[0].shape[1:], *args[1].shape[1:])
        elif name not in EXACT and name not in ALONG_AN_AXIS:
            self.unknown = self.unknown or f"aten.{name}"
        return result


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "randomness" in text:
        return "it draws random numbers, for dropout perhaps"
    if "data-dependent control flow" in text or ".item()" in text:
        return "its forward pass depends on the values of tensors"
    return f"torch.func.vmap fails: {type(error).__name__}: {text}"[:160]
