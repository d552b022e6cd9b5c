"""Modes that do not do what they are for."""

from torch import nn
from torch.nn import functional as F


def test_a_loop_that_never_trains_batch_normalisation_is_named(loops):
    def deep(inputs, classes):
        layers = []
        for _ in range(6):
            layers += [nn.Linear(inputs, 64), nn.BatchNorm1d(64), nn.Sigmoid()]
            inputs = 64
        return nn.Sequential(*layers, nn.Linear(64, classes))

    loop = loops.Loop("digits", model=deep, train_mode=False, epochs=10)
    found = loops.run(loop, 0)
    assert found.findings[0].cause == "batchnorm_mode"
    assert found.findings[0].fix == ("model.train() before the steps",)


class Dropped(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)

    def forward(self, x):
        return self.last(F.dropout(self.first(x).relu(), 0.8))


def test_dropout_that_stays_on_is_named(loops):
    found = loops.run(loops.Loop("digits", model=Dropped, epochs=15), 0)
    assert found.findings[0].cause == "over_regularized"
    assert "training=self.training" in found.findings[0].fix[0]
