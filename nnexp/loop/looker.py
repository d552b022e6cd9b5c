"""Close looks at single steps, by hooks that leave nothing on the model that is watched."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from nnexp.loop.record import LoopRecord
from nnexp.loop.returned import Path, leaves

ROUNDING = 1e-6  # of a gradient that is 0 but for it, as of a bias before batch normalisation
PIECES = 4  # calls for one step, and of the train rows, from which on a step is made of many
CALLS = 8  # of the model that are remembered, the last ones


@dataclass(frozen=True)
class Call:
    """A call of the model in training.

    Arguments:
        inputs: what it got first, without a graph.
        given: the tensors that it gave, as long as somebody holds them.
        leaves: the floating ones without their graphs, each with the way to it, as of `leaves`.
        training: whether it was in training mode.
    """

    inputs: Tensor
    given: list[weakref.ref[Tensor]]
    leaves: list[tuple[Path, Tensor]]
    training: bool

    def gave(self, known: set[int]) -> bool:
        """Whether one of its tensors is among those with such an id."""
        return any((own := ref()) is not None and id(own) in known for ref in self.given)


@dataclass
class Fed:
    """What the model got since a step.

    Arguments:
        step: that step.
        calls, rows: how many there were.
        largest: rows of the largest call.
    """

    step: int = -1
    calls: int = 0
    rows: int = 0
    largest: int = 0


class Looker:
    """Looks closely at single steps: gradients, how far weights move, what the model gets.

    Hooks are there only from two steps before a look until it. Those of the parameters are not
    copied or saved with them, and the one of the inputs is with torch and not with the model, so
    that a model may be copied, saved and scripted at any step.

    Arguments:
        model: any module.
        layers: the weights whose norms are followed, by name.
        record: what is noted.
    """

    def __init__(self, model: nn.Module, layers: Iterable[str], record: LoopRecord) -> None:
        self.model, self.record = model, record
        self.layers = set(layers)
        self._calls: deque[Call] = deque(maxlen=CALLS)
        self._handles: list[Any] = []
        self._parameters: dict[str, Tensor] = {}
        self.before: dict[str, Tensor] = {}  # the parameters before the step that is looked at
        self._norms: dict[str, float] = {}
        # of the parameter whose gradient comes first: values, version and step at its last backward
        self._last: tuple[Tensor, int, int] | None = None
        self._first: str | None = None
        self._left = False  # whether it held a gradient before that backward
        # of the last weight in the order of the layers, which is seen best from the loss
        self.gradient: tuple[str, Tensor | None] = next(reversed(list(layers)), ""), None
        self._gradient_of = -1  # the step before it
        self.step = 0  # steps that were watched so far
        self._fed = Fed()
        weakref.finalize(self, _remove, self._handles).atexit = False

    def arm(self) -> None:
        """Get ready for the steps that follow."""
        if self._handles or self.record.unseen:
            return
        self._norms = {}
        self.gradient = self.gradient[0], None
        self._first = self._last = None
        self._calls.clear()
        here = weakref.ref(self)  # a watch that is dropped takes its hooks with it
        self._parameters = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        for name, parameter in self._parameters.items():
            self._handles.append(parameter.register_hook(_of_gradient(here, name)))
            held = parameter.register_post_accumulate_grad_hook(_of_held(here, name))
            self._handles.append(held)
        if hasattr(self.model, "_orig_mod"):  # torch.compile warns of hooks for all modules
            self._handles.append(self.model.register_forward_hook(_of_call(here)))
        else:
            self._handles.append(register_module_forward_hook(_of_call(here)))

    def disarm(self) -> None:
        """Take the hooks off."""
        _remove(self._handles)
        for parameter in self._parameters.values():
            if parameter._backward_hooks is not None and not parameter._backward_hooks:
                # an empty dict of hooks costs time in each backward
                parameter._backward_hooks = None
            held: Any = parameter
            if not held._post_accumulate_grad_hooks:
                held._post_accumulate_grad_hooks = None
        self._parameters = {}

    def snapshot(self) -> None:
        """Keep the weights, to see how far the next step moves them."""
        self.before = {n: p.detach().clone() for n, p in self.model.named_parameters()}

    def look(self) -> None:
        """Note the step that was just made, and take the hooks off."""
        self.disarm()
        self._calls.clear()
        found: dict[str, float] = {}
        norms: list[Tensor] = []
        names: list[str] = []
        for name, parameter in self.model.named_parameters():
            before = self.before.get(name)
            if before is None or before.shape != parameter.shape:
                continue
            moved = torch.linalg.vector_norm(parameter.detach() - before)
            norms += [moved, torch.linalg.vector_norm(before)]
            names.append(name)
        values = torch.stack(norms).tolist() if norms else []
        for place, name in enumerate(names):
            change, norm = values[2 * place], values[2 * place + 1]
            if name in self.layers:
                found[f"update_ratio/{name}"] = change / max(norm, 1e-30)
                found[f"weight_norm/{name}"] = norm
                if name in self._norms:
                    found[f"gradient_norm/{name}"] = self._norms[name]
        self.before = {}
        self.record.layers.append(found)
        self._look_at_gradients()

    def _look_at_gradients(self) -> None:
        """Note what is left of the gradient, where the loop has not cleared it by now."""
        held = {n: p.grad for n, p in self.model.named_parameters() if p.grad is not None}
        name = next((n for n, norm in self._norms.items() if n in held and norm > 0), None)
        if name is None or any(own.is_sparse for own in held.values()):
            return
        norms = {n: float(torch.linalg.vector_norm(own)) for n, own in held.items()}
        self.record.clipped.append((math.hypot(*norms.values()), norms[name] / self._norms[name]))

    def take_gradient(self, name: str, gradient: Tensor) -> None:
        """Note the gradient of a parameter, before it is added to what is held."""
        gradient = gradient.detach()  # it may have a graph, as of a penalty on gradients
        if name != self.gradient[0]:
            gradient = numbers_of(gradient)
        elif gradient.layout is not torch.strided:
            gradient = gradient.to_dense()
        self.record.met.add(name)
        if name not in self.record.pulled and bool((gradient.abs() > ROUNDING).any()):
            self.record.pulled.add(name)
        if self._first is None:
            self._first = name
        if name == self.gradient[0]:
            # of all backward passes that one step is made of
            sum_so_far = self.gradient[1] if self._gradient_of == self.step else None
            own = gradient.clone() if sum_so_far is None else sum_so_far + gradient
            self.gradient, self._gradient_of = (name, own), self.step
        if name in self.layers:
            self._norms[name] = float(torch.linalg.vector_norm(gradient))
        if name == self._first and name in self._parameters:
            held = self._parameters[name].grad
            self._left = held is not None and bool(numbers_of(held).any())

    def take_held(self, name: str) -> None:
        """Note that a gradient was added to what a parameter holds: `autograd.grad` adds none."""
        if name != self._first or name not in self._parameters:
            return
        parameter, before, left = self._parameters[name], self._last, self._left
        self._last = parameter.detach().clone(), parameter._version, self.step
        # a step since the last backward; some write where no version is counted
        if before is not None and not self._is_as(before):
            self.record.backwards += 1
            self.record.uncleared += left
        elif left:  # of another batch, which the same step will take
            self.record.gathered += 1
        elif before is not None and before[2] != self.step:
            self.record.wasted += 1  # that of a batch before was cleared unused

    def _is_as(self, before: tuple[Tensor, int, int]) -> bool:
        """Whether the parameter is what it was at an earlier backward pass."""
        assert self._last is not None
        values, version, _ = self._last
        return version == before[1] and torch.equal(values, before[0])

    def take_call(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Note what the model gets in training, and for what."""
        trains = module is self.model and torch.is_grad_enabled() and not torch.jit.is_tracing()
        if trains and inputs and type(inputs[0]) in (Tensor, nn.Parameter):  # none of a tracer
            found = list(leaves(output))
            self._count(len(inputs[0]))
            given = [weakref.ref(own) for _, own in found]
            plain = [
                (way, own.detach())
                for way, own in found
                if own.is_floating_point() and own.layout is torch.strided
            ]
            if plain:  # else nothing that a loss could be made of
                self._calls.append(Call(inputs[0].detach(), given, plain, module.training))

    def _count(self, rows: int) -> None:
        if self._fed.step != self.step:
            self._fed = Fed(self.step)
        self._fed.calls += 1
        self._fed.rows += rows
        self._fed.largest = max(self._fed.largest, rows)

    def pieces_of(self, train: int) -> int:
        """The rows that the model got, piece by piece, for the step that is looked at, where those
        are all train rows; else 0.
        """
        fed = self._fed
        whole = fed.step == self.step - 1 and train - fed.largest < fed.rows <= train
        return fed.rows if whole and fed.calls >= PIECES and PIECES * fed.largest <= train else 0

    @property
    def calls(self) -> list[Call]:
        """The calls of late, the last first."""
        return list(reversed(self._calls))

    def call_of(self, output: Any, makes: Callable[[Call], bool]) -> Call | None:
        """The call that gave this output, or one that this is a view or made of.

        Arguments:
            output: as it was handed to `step`.
            makes: whether it is made of what a call gave.
        """
        known = {id(one) for _, own in leaves(output) for one in (own, own._base)}
        itself = (call for call in self.calls if call.gave(known))
        made = (call for call in self.calls if makes(call))
        return next(chain(itself, made), None)


def _of_gradient(here: weakref.ref[Looker], name: str) -> Callable[[Tensor], None]:
    def hook(gradient: Tensor) -> None:
        _look(here, lambda looker: looker.take_gradient(name, gradient))

    return hook


def _of_held(here: weakref.ref[Looker], name: str) -> Callable[[Tensor], None]:
    def hook(parameter: Tensor) -> None:
        _look(here, lambda looker: looker.take_held(name))

    return hook


def _of_call(here: weakref.ref[Looker]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        _look(here, lambda looker: looker.take_call(module, inputs, output))

    return hook


def _look(here: weakref.ref[Looker], take: Callable[[Looker], None]) -> None:
    """Let a hook take its look if its watch is still there: what it raised would end a training."""
    looker = here()
    if looker is None or looker.record.unseen:
        return
    try:
        take(looker)
    except Exception as error:  # whatever a tensor of another kind may raise
        looker.record.unseen = f"{type(error).__name__}: {error}"


def numbers_of(gradient: Tensor) -> Tensor:
    """The numbers of a gradient, of a sparse one those that are there."""
    if gradient.layout is torch.strided:
        return gradient
    if gradient.layout is torch.sparse_coo:
        return gradient.coalesce().values()
    return gradient.to_dense()


def _remove(handles: list[Any]) -> None:
    for handle in handles:
        handle.remove()
    handles.clear()


def is_look(step: int) -> bool:
    """Whether a step is looked at closely: the powers of 2, and more of the first ones."""
    return step.bit_count() == 1 or step in (3, 6, 11)


def next_look(step: int) -> int:
    """The first step after this one that is looked at closely.

    >>> [next_look(step) for step in (0, 3, 4, 8, 30)]
    [1, 4, 6, 11, 32]
    """
    early = next((own for own in (3, 6, 11) if own > step), 1 << step.bit_length())
    return min(early, 1 << step.bit_length())
