"""A user's own modules in a sweep, and the summary's word on what cannot be stacked."""

import pytest
import torch
from torch import nn

from nnexp.track.status import read_status


class Plain(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.linear(torch.relu(x))


class Dropping(Plain):
    def forward(self, x):
        return self.linear(nn.functional.dropout(x, 0.5, self.training))


class Leaving(Plain):
    def forward(self, x):
        raise SystemExit(2)


def test_a_class_that_ends_the_process_fails_alone(command, monkeypatch):
    monkeypatch.setattr(torch, "Mine", Plain, raising=False)
    monkeypatch.setattr(torch, "Other", Leaving, raising=False)
    words = ["model=custom", "model._target_=torch.Mine,torch.Other", "trainer.epochs=2"]
    swept = command(*words, custom=True)
    assert swept.status == 1
    assert [read_status(swept.folder / n)["status"] for n in "01"] == ["done", "failed"]
    assert (
        "torch.Other, called with 3 rows of 4 numbers, fails: RuntimeError: it calls sys.exit(2)"
        in (swept.err)
    )


@pytest.mark.parametrize(("module", "told"), [(Plain, False), (Dropping, True)])
def test_members_are_those_of_the_run_alone(command, monkeypatch, module, told):
    monkeypatch.setattr(torch, "Mine", module, raising=False)
    words = ["model=custom", "model._target_=torch.Mine"]
    quick = ["trainer.epochs=2", "seed=0,1,2"]
    swept = command(*words, *quick, custom=True)
    assert swept.status == 0, swept.err
    assert ("are trained one by one: " in swept.err) == told
    alone = command(*words, "trainer.epochs=2", "seed=1", folder="alone", custom=True)
    assert alone.content(0, ("model.safetensors", "history.csv")) == swept.content(
        1, ("model.safetensors", "history.csv")
    )
