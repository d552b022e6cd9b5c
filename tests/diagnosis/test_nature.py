"""What outputs are, by what a last layer a hundred times as strong makes of them."""

import pytest
import torch

from nnexp.diagnosis.nature import STRONGER, of_values, with_strong


@pytest.mark.parametrize("end", [None, torch.tanh, torch.relu, torch.sigmoid], ids=str)
@pytest.mark.parametrize("constant", [False, True])
def test_outputs_are_bounded_by_what_comes_behind_the_last_layer(end, constant):
    made = torch.randn(64, 1, generator=torch.Generator().manual_seed(0))
    last = torch.full((64, 1), 0.4) if constant else made

    def times(factor):
        return factor * last if end is None else end(factor * last)

    found = with_strong(of_values(times(1.0)), (times(1.0), times(STRONGER), times(-STRONGER)))
    names = {torch.tanh: "tanh", torch.relu: "relu", torch.sigmoid: "sigmoid"}
    assert found.kind == names.get(end, "logits")
