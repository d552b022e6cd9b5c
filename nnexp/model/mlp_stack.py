"""K perceptrons of one architecture: their forward and backward passes, written out.

A member's parameters are its row of theta (K, P); a layer's weight is a view (K, in, out) of all
rows, and a forward pass is one `baddbmm` a layer. The backward pass is written out rather than
left to autograd: on small tables the bookkeeping of autograd costs more than the arithmetic. The
tests hold it against autograd, to 1e-12 in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nnexp.model.activation import ACTIVATIONS, relu_backward_
from nnexp.model.linear import Linear, PreparedLinear, is_preparable
from nnexp.model.norm import Saved, batch_norm, layer_norm, norm_backward
from nnexp.model.products import rounds_rows_alike

if TYPE_CHECKING:
    from nnexp.model.mlp import MLP


class MLPStack:
    """K perceptrons of one architecture, bound to their parameters.

    Arguments:
        mlp: the architecture.
        theta: parameters (K, P), float32 or float64.
        buffers: running statistics (K, Q).
        grad: (K, P), written by `backward`; None for a stack that only predicts.
        dtype: of the arithmetic; theta's own unless given (bfloat16 for mixed precision).
    """

    def __init__(
        self,
        mlp: MLP,
        theta: Tensor,
        buffers: Tensor,
        grad: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.mlp = mlp
        self.theta, self.grad = theta, grad
        mixed = dtype is not None and dtype != theta.dtype
        self._theta = torch.empty_like(theta, dtype=dtype) if mixed else theta
        self._grad = torch.empty_like(grad, dtype=dtype) if mixed and grad is not None else grad
        if self._grad is not None:
            self._grad.zero_()
        layout = mlp.layout
        names = mlp.layers
        self._values = layout.views(self._theta)
        self._running = mlp.buffers.views(buffers)
        self._grads = layout.views(self._grad) if self._grad is not None else {}
        self._bias_grads = [self._grads.get(f"{name}.bias") for name in names]
        self._linears = [
            Linear(
                self._values[f"{name}.weight"],
                self._values[f"{name}.bias"].unsqueeze(1),
                self._grads.get(f"{name}.weight"),
            )
            for name in names
        ]
        self._prepared: dict[int, list[Linear]] = {}  # by the rows of a batch
        self._spare: dict[tuple[int, int, int], Tensor] = {}  # by rows and width, for two layers
        self._act, self._act_backward = ACTIVATIONS[mlp.activation]
        # what relu leaves tells its derivative, also after dropout: a unit that was dropped has
        # no gradient anyway, so nothing else needs to be kept, unless autograd follows
        self._may_overwrite = mlp.activation == "relu" and mlp.norm == "none" and not mlp.skip
        self._in_place = False
        # what backward needs of forward, a list entry for each layer
        self._used = self._linears
        self._inputs: list[Tensor] = []  # what enters the linear layer, (K, B, in)
        self._pre: list[Tensor] = []  # what enters the activation, (K, B, H)
        self._post: list[Tensor] = []  # what leaves it
        self._norms: list[Saved] = []
        self._masks: Sequence[Tensor | None] = ()
        self._codes: Tensor | None = None

    def forward(
        self,
        x: Tensor,
        codes: Tensor | None = None,
        masks: Sequence[Tensor | None] | None = None,
        training: bool = False,
    ) -> Tensor:
        """Logits of a batch.

        Arguments:
            x: (K, B, D), in the arithmetic's dtype.
            codes: (K, B, Q) int64, or None where the architecture has no embedding.
            masks: while training, dropout factors for the inputs and each hidden layer, each
                (K, B, width) or None.
            training: use the batch's statistics and update the running ones.

        Returns:
            (K, B, C), in the arithmetic's dtype.
        """
        if self._theta is not self.theta:
            self._theta.copy_(self.theta)
        mlp = self.mlp
        self._masks = masks = masks or (None,) * len(mlp.dropout_widths)
        self._inputs, self._pre, self._post, self._norms = [], [], [], []
        self._in_place = self._may_overwrite and not torch.is_grad_enabled()
        h = x
        if mlp.embedding:
            assert codes is not None
            self._codes = codes
            vectors = mlp.embedding.forward(self._values["embedding.weight"], codes)
            h = torch.cat((h, vectors), 2)  # (K, B, D + Q * d)
        if masks[0] is not None:
            h = h * masks[0]
        last = len(mlp.hidden)
        self._used = linears = self._linears_for(h, training)
        for layer in range(last):
            self._inputs.append(h)
            z = linears[layer].forward(h)  # (K, B, H)
            mask = masks[layer + 1]
            if self._in_place:
                h = z.relu_() if mask is None else z.relu_().mul_(mask)
                self._pre.append(h)
                self._post.append(h)
                continue
            if mlp.norm != "none":
                z = self._normalise(z, layer, training)
            a = self._act(z)  # (K, B, H)
            self._pre.append(z)
            self._post.append(a)
            if mask is not None:
                a = a * mask
            h = a + h if mlp.skip and a.shape == h.shape else a
        self._inputs.append(h)
        return linears[last].forward(h)  # (K, B, C)

    def backward(self, dlogits: Tensor) -> None:
        """Write the gradient of the loss by theta into `grad`, from that by the logits.

        Arguments:
            dlogits: (K, B, C), for the batch of the last `forward(..., training=True)`.
        """
        mlp, masks, linears = self.mlp, self._masks, self._used
        last = len(mlp.hidden)
        d = dlogits  # the gradient by what left the layer
        for layer in range(last, -1, -1):
            dskip = None
            if layer < last:
                if mlp.skip and mlp.widths[layer] == mlp.widths[layer + 1]:
                    dskip = d
                mask = masks[layer + 1]
                if self._in_place:  # d is this step's own: `input_gradient` wrote it
                    d = d if mask is None else d.mul_(mask)
                    d = relu_backward_(d, self._post[layer])
                else:
                    d = d if mask is None else d * mask
                    d = self._act_backward(d, self._pre[layer], self._post[layer])
                if mlp.norm != "none":
                    d = norm_backward(
                        d,
                        self._values[f"norms.{layer}.weight"],
                        self._norms[layer],
                        1 if mlp.norm == "batch" else 2,
                        self._grads[f"norms.{layer}.weight"],
                        self._grads[f"norms.{layer}.bias"],
                    )
            linears[layer].weight_gradient(self._inputs[layer], d)
            torch.sum(d, 1, out=self._bias_grads[layer])
            if layer > 0 or mlp.embedding:
                d = linears[layer].input_gradient(d)  # (K, B, in)
                if dskip is not None:
                    d = d + dskip
        if mlp.embedding:
            assert self._codes is not None
            if masks[0] is not None:
                d = d * masks[0]
            mlp.embedding.backward(
                d[:, :, mlp.inputs :], self._codes, self._grads["embedding.weight"]
            )
        if self._grad is not self.grad:
            assert self.grad is not None
            assert self._grad is not None
            self.grad.copy_(self._grad)

    def hidden_outputs(self) -> list[tuple[str, Tensor]]:
        """(name, values) of what entered the first layer and left each hidden one, last forward."""
        names = ["inputs", *self.mlp.layers[:-1]]
        return list(zip(names, self._inputs, strict=True))

    def activations(self) -> list[tuple[str, Tensor]]:
        """(name, values (K, B, H)) of what left each hidden activation in the last forward pass."""
        return list(zip(self.mlp.layers[:-1], self._post, strict=True))

    def _linears_for(self, h: Tensor, training: bool) -> list[Linear]:
        """The layers for a batch (K, B, in); prepared ones for a stack that trains."""
        if self._grad is None or torch.is_grad_enabled() or torch.get_num_threads() != 1:
            return self._linears
        if not training and not rounds_rows_alike():  # predictions are those of `linear`
            return self._linears
        rows = h.size(1)
        if rows not in self._prepared:
            self._prepared[rows] = [self._prepare(place, h) for place in range(len(self._linears))]
        return self._prepared[rows]

    def _prepare(self, place: int, h: Tensor) -> Linear:
        linear = self._linears[place]
        if place > 0:
            h = h.new_empty(len(h), h.size(1), linear.weight.size(1))
        if not is_preparable(h, linear.weight):
            return linear
        spare = None
        if place > 0 or self.mlp.embedding:
            key = (h.size(1), h.size(2), place % 2)  # what comes from the layer after is the other
            if key not in self._spare:
                self._spare[key] = torch.empty_like(h, memory_format=torch.contiguous_format)
            spare = self._spare[key]
        return PreparedLinear(linear, h, keeps=place == len(self._linears) - 1, spare=spare)

    def _normalise(self, z: Tensor, layer: int, training: bool) -> Tensor:
        gain, shift = self._values[f"norms.{layer}.weight"], self._values[f"norms.{layer}.bias"]
        if self.mlp.norm == "batch":
            mean = self._running[f"norms.{layer}.running_mean"]
            var = self._running[f"norms.{layer}.running_var"]
            z, saved = batch_norm(z, gain, shift, mean, var, training)
        else:
            z, saved = layer_norm(z, gain, shift)
        self._norms.append(saved)
        return z
