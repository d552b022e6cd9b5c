"""Penalties by their definition written out, and clipping against torch."""

import math

import torch

from nnexp.model.mlp import MLP
from nnexp.train.member import Member
from nnexp.train.penalty import Penalty

MLP_ = MLP(5, 3, [6, 4], norm="layer", levels=(3,))
MEMBERS = [Member(l1=0.1, l2=0.01), Member(), Member(l2=0.5, grad_clip=0.7)]


def theta():
    rows, _ = MLP_.initial([0, 1, 2], torch.float64)
    return rows + 0.3  # biases, norms and embeddings too


def penalty(members=MEMBERS):
    return Penalty(members, MLP_.layout, theta())


def written_out(rows, member, numbers):
    """l1 * sum|w| + l2 * sum w^2 over the kernels of the layers, as Keras' kernel_regularizer."""
    views = MLP_.layout.views(rows)
    total = torch.zeros((), dtype=torch.float64)
    for layer in range(3):
        kernel = views[f"layers.{layer}.weight"][member]
        total = total + numbers.l1 * kernel.abs().sum() + numbers.l2 * kernel.pow(2).sum()
    return total


def test_value_and_gradient():
    rows = theta().requires_grad_()
    expected = torch.stack([written_out(rows, k, m) for k, m in enumerate(MEMBERS)])
    torch.testing.assert_close(penalty().value(rows.detach()), expected.detach())
    (gradient,) = torch.autograd.grad(expected.sum(), rows)
    got = torch.ones_like(gradient)
    penalty().add_gradient(rows.detach(), got)
    torch.testing.assert_close(got - 1, gradient)
    assert not gradient[:, MLP_.layout.weights :].any()  # biases, norms, embeddings go free


def test_a_weight_at_zero_is_not_pushed():
    zero = torch.zeros_like(theta())
    grad = torch.zeros_like(zero)
    penalty().add_gradient(zero, grad)
    assert not grad.any()


def test_clipping_equals_torch():
    members = [Member(grad_clip=clip) for clip in (0.5, 1e9, math.inf)]
    grad = torch.randn(3, MLP_.layout.size, dtype=torch.float64, generator=torch.manual_seed(0))
    grad[:, MLP_.layout.used :] = 0
    expected = []
    for member, row in zip(members, grad, strict=True):
        leaf = torch.zeros_like(row).requires_grad_()
        leaf.grad = row.clone()
        torch.nn.utils.clip_grad_norm_([leaf], member.grad_clip)
        expected.append(leaf.grad)
    clipped = grad.clone()
    Penalty(members, MLP_.layout, grad).clip_gradient(clipped)
    torch.testing.assert_close(clipped, torch.stack(expected))
    assert torch.equal(clipped[2], grad[2])


def test_decay_table():
    members = [Member(weight_decay=0.1), Member()]
    tables = penalty(members).shrink_table(torch.tensor([[0.5, 0.5], [0.2, 0.2]]).numpy(), theta())
    expected = [[[0.95], [1.0]], [[0.98], [1.0]]]
    torch.testing.assert_close(torch.stack(tables), torch.tensor(expected, dtype=torch.float64))
    assert penalty([Member()]).shrink_table(torch.ones(1, 1).numpy(), theta()) is None


def test_what_overflows_is_none_of_a_member_without_it():
    members = [Member(), Member(l1=0.1, l2=0.1, grad_clip=1.0)]
    large = torch.full((2, MLP_.layout.size), 1e30)  # squares and norms beyond float32
    own = Penalty(members, MLP_.layout, large)
    assert own.value(large)[0] == 0
    assert own.value(large)[1] == math.inf
    grad = large.clone()
    own.clip_gradient(grad)
    assert torch.equal(grad[0], large[0])
