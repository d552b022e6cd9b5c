"""The loss of the best constant outputs is the least that the run's own loss can be of such."""

import math

import numpy as np
import pytest
import torch

from nnexp.config.compose import compose
from nnexp.diagnosis.prior import entropy, prior_loss
from nnexp.runs import assemble

COUNTS = np.array([50, 30, 20])
PAIRS = [
    ("cross_entropy", "logits"),
    ("nll", "log_softmax"),
    ("bce", "sigmoid"),
    ("bce_with_logits", "logits"),
    ("mse", "logits"),
    ("mse", "softmax"),
    ("mse", "sigmoid"),
    ("mae", "logits"),
    ("mae", "softmax"),
]


def least(config, counts, outputs):
    """The run's own loss of outputs that are the same for all rows, by descent from many starts."""
    classes = [str(place) for place in range(len(counts))]
    coded = assemble.coding(config, classes)
    assert coded.outputs == outputs
    weights = assemble.class_weights(config, counts)
    y = np.repeat(np.arange(len(counts)), counts)
    targets = assemble.targets(coded, y, weights, torch.float64)
    loss = assemble.loss(config, coded, weights, torch.zeros((), dtype=torch.float64))
    rows = torch.arange(len(y))[None]
    weight = targets.row_weights(rows)
    dense = targets.dense(rows)
    found = []
    for seed in range(3):
        made = torch.Generator().manual_seed(seed)
        z = (
            4 * torch.rand(1, 1, outputs, generator=made, dtype=torch.float64) - 2
        ).requires_grad_()
        optimizer = torch.optim.Adam([z], lr=0.2)
        for _ in range(150):
            optimizer.zero_grad()
            each = loss.rows(z.expand(1, len(y), outputs), dense, weight).sum()
            total = each / (len(y) if weight is None else weight.sum())
            found.append(float(total.detach()))
            total.backward()
            optimizer.step()
    return min(found)


@pytest.mark.matrix(12)
@pytest.mark.parametrize("weights", ["null", "balanced", "[1,4,2]"])
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_of_three_classes(loss, output, weights):
    config = compose([f"loss={loss}", f"model.output={output}", f"loss.class_weight={weights}"])
    found = prior_loss(config, COUNTS, 3)
    # outputs behind a softmax come near 0 and 1 slowly, and absolute errors have a kink
    rough = 0.02 if loss == "mae" else 2e-3
    assert found == pytest.approx(least(config, COUNTS, 3), rel=rough)


@pytest.mark.parametrize("loss", ["bce_with_logits", "mse", "mae"])
def test_of_one_output_for_two_classes(loss):
    config = compose([f"loss={loss}", "model.output=logits"])
    counts = np.array([70, 30])
    rough = 0.02 if loss == "mae" else 2e-3
    assert prior_loss(config, counts, 1) == pytest.approx(least(config, counts, 1), rel=rough)


def test_the_factor_of_a_loss_counts():
    config = compose(["loss.scale=0.1"])
    assert prior_loss(config, COUNTS, 3) == pytest.approx(0.1 * entropy(COUNTS / 100))
    assert entropy(np.array([0.5, 0.5, 0.0])) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    "words",
    [
        ["loss.reduction=sum"],
        ["loss.scale=-1"],  # it is climbed
        ["loss=nll", "model.output=softmax"],
        ["loss=bce", "model.output=logits"],
        ["loss=mse", "model.output=log_softmax"],
        ["loss.class_weight=[1,2]"],
    ],
)
def test_where_there_is_none(words):
    assert math.isnan(prior_loss(compose(words), COUNTS, 3))
    assert math.isnan(prior_loss(compose([]), np.zeros(0), 0))
    # one output for three classes is held against their numbers
    assert math.isnan(prior_loss(compose(["loss=mse", "model.outputs=1"]), COUNTS, 1))
