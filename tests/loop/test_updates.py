"""Parameters with requires_grad=False: a part of the network, or all but one layer."""

import pytest
import torch
from torch import nn

from nnexp.loop.record import LoopRecord
from nnexp.loop.updates import parameters


@pytest.mark.parametrize(("frozen", "plain"), [((0,), False), ((0, 2), True), ((), None)])
def test_where_a_single_layer_learns_the_frozen_ones_are_the_cause(frozen, plain):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    for place in frozen:
        model[place].requires_grad_(False)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    trained = [p for p in model.parameters() if p.requires_grad]
    with torch.no_grad():
        for p in trained:
            p.add_(0.1)
    groups = torch.optim.SGD(trained, lr=0.1).param_groups
    found = parameters(model, groups, initial, LoopRecord(), steps=9)
    if plain is None:
        assert found == []
    else:
        assert (found[0].strength > 0.8) is plain


def test_a_frozen_number_beside_matrices_that_learn_is_little():
    model = nn.Module()
    model.first, model.last = nn.Parameter(torch.randn(4, 8)), nn.Parameter(torch.randn(8, 2))
    model.temperature = nn.Parameter(torch.ones(()), requires_grad=False)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    with torch.no_grad():
        model.first.add_(0.1)
        model.last.add_(0.1)
    groups = torch.optim.SGD([model.first, model.last], lr=0.1).param_groups
    (found,) = parameters(model, groups, initial, LoopRecord(), steps=9)
    assert found.strength == 0.5


def test_what_another_optimizer_moves_is_trained():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    groups = torch.optim.SGD(model[0].parameters(), lr=0.1).param_groups
    with torch.no_grad():
        for p in model[0].parameters():
            p.add_(0.1)
    (found,) = parameters(model, groups, initial, LoopRecord(), steps=9)
    assert found.evidence[0].value == ["2.weight", "2.bias"]
    with torch.no_grad():
        for p in model[2].parameters():
            p.add_(0.1)
    assert parameters(model, groups, initial, LoopRecord(), steps=9) == []
