"""What outputs are, by what a last layer a hundred times as strong makes of them."""

import pytest
import torch

from nnexp.diagnosis.nature import STRONGER, of_values, with_strong


@pytest.mark.parametrize("kind", ["logits", "tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("constant", [False, True])
def test_outputs_are_bounded_by_what_comes_behind_the_last_layer(kind, constant):
    made = torch.randn(64, 1, generator=torch.Generator().manual_seed(0))
    last = torch.full((64, 1), 0.4) if constant else made

    def times(factor):
        return factor * last if kind == "logits" else getattr(torch, kind)(factor * last)

    found = with_strong(of_values(times(1.0)), (times(1.0), times(STRONGER), times(-STRONGER)))
    assert found.kind == kind
