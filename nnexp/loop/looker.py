"""Close looks at single steps, by hooks that leave nothing on the model that is watched."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from nnexp.loop.record import Record


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

    def __init__(self, model: nn.Module, layers: Iterable[str], record: Record) -> None:
        self.model, self.record = model, record
        self.layers = set(layers)
        self.inputs: Tensor | None = None  # of the last forward pass with gradients
        self._handles: list[Any] = []
        self._parameters: dict[str, Tensor] = {}
        self._before: dict[str, Tensor] = {}
        self._norms: dict[str, float] = {}
        self._versions: dict[str, int] = {}
        self._first: str | None = None
        weakref.finalize(self, _remove, self._handles).atexit = False

    def arm(self) -> None:
        """Get ready for the steps that follow."""
        if self._handles:
            return
        self._versions, self._norms = {}, {}
        self._first = self.inputs = None
        here = weakref.ref(self)  # a watch that is dropped takes its hooks with it
        self._parameters = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        for name, parameter in self._parameters.items():
            self._handles.append(parameter.register_hook(_of_gradient(here, name)))
        if hasattr(self.model, "_orig_mod"):  # torch.compile warns of hooks for all modules
            self._handles.append(self.model.register_forward_pre_hook(_of_inputs(here)))
        else:
            self._handles.append(register_module_forward_pre_hook(_of_inputs(here)))

    def disarm(self) -> None:
        """Take the hooks off."""
        _remove(self._handles)
        for parameter in self._parameters.values():
            if parameter._backward_hooks is not None and not parameter._backward_hooks:
                # an empty dict of hooks costs time in each backward
                parameter._backward_hooks = None
        self._parameters = {}

    def snapshot(self) -> None:
        """Keep the weights, to see how far the next step moves them."""
        self._before = {n: p.detach().clone() for n, p in self.model.named_parameters()}

    def look(self) -> None:
        """Note the step that was just made, and take the hooks off."""
        self.disarm()
        self.inputs = None
        found: dict[str, float] = {}
        norms: list[Tensor] = []
        names: list[str] = []
        for name, parameter in self.model.named_parameters():
            before = self._before.get(name)
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
        self._before = {}
        self.record.layers.append(found)

    def take_gradient(self, name: str, gradient: Tensor) -> None:
        """Note the gradient of a parameter, before it is added to what is held."""
        self.record.met.add(name)
        if name not in self.record.pulled and bool(gradient.any()):
            self.record.pulled.add(name)
        if self._first is None:
            self._first = name
        if name in self.layers:
            self._norms[name] = float(torch.linalg.vector_norm(gradient))
        parameter = self._parameters.get(name)
        if name == self._first and parameter is not None:
            held, version = parameter.grad, parameter._version
            before = self._versions.get(name)
            self._versions[name] = version
            if before is not None and version != before:  # a step since the last backward
                self.record.backwards += 1
                self.record.uncleared += held is not None and bool(held.any())

    def take_inputs(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Note what the model gets in training."""
        trains = module is self.model and torch.is_grad_enabled()
        if trains and inputs and isinstance(inputs[0], Tensor):
            self.inputs = inputs[0].detach()


def _of_gradient(here: weakref.ref[Looker], name: str) -> Callable[[Tensor], None]:
    def hook(gradient: Tensor) -> None:
        looker = here()
        if looker is not None:
            looker.take_gradient(name, gradient)

    return hook


def _of_inputs(here: weakref.ref[Looker]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        looker = here()
        if looker is not None:
            looker.take_inputs(module, inputs)

    return hook


def _remove(handles: list[Any]) -> None:
    for handle in handles:
        handle.remove()
    handles.clear()
