import pytest
import torch

from nnexp.train.decision import Decision
from nnexp.train.losses import LOSSES, OUTPUTS

LOGITS = torch.randn(2, 50, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", list(OUTPUTS))
@pytest.mark.parametrize("columns", [(0, 1, 2, 3), (1, 3), ()])
def test_probabilities_sum_to_one_and_lie_within(loss, output, columns):
    outputs = OUTPUTS[output](LOGITS if columns else LOGITS[..., :1])
    decision = Decision(loss, output, columns)
    shares = decision.probabilities(outputs)
    assert shares.shape == (2, 50, len(columns) or 2)
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, 50))
    assert (shares >= 0).all()
    classes = decision.classes(outputs)
    assert classes.shape == (2, 50)
    assert classes.min() >= 0
    assert classes.max() < (len(columns) or 2)


def test_softmax_and_argmax():
    decision = Decision("cross_entropy", "logits", (0, 1, 2, 3))
    torch.testing.assert_close(decision.probabilities(LOGITS), torch.softmax(LOGITS, -1))
    assert torch.equal(decision.classes(LOGITS), LOGITS.argmax(-1))


def test_only_the_classes_own_outputs_are_read():
    outputs = torch.tensor([[9.0, 1.0, 8.0, 2.0]])
    assert Decision("cross_entropy", "logits", (1, 3)).classes(outputs).tolist() == [1]


@pytest.mark.parametrize(
    ("loss", "output", "values", "expected"),
    [
        ("bce_with_logits", "logits", [-0.1, 0.1, 3.0], [0, 1, 1]),
        ("bce_with_logits", "sigmoid", [0.4, 0.6, 0.5], [0, 1, 0]),
        ("bce", "sigmoid", [0.4, 0.6, 0.5], [0, 1, 0]),
        ("bce", "logits", [0.4, 0.6, -7.0], [0, 1, 0]),
        ("bce", "softmax", [1.0, 1.0, 1.0], [1, 1, 1]),
        ("mse", "logits", [-2.0, 0.4, 0.6], [0, 0, 1]),
    ],
)
def test_single_output(loss, output, values, expected):
    outputs = torch.tensor(values).unsqueeze(-1)
    assert Decision(loss, output).classes(outputs).tolist() == expected


@pytest.mark.parametrize("columns", [(0, 1, 2), ()])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_output_that_is_nan_is_no_class(loss, columns):
    outputs = torch.zeros(4, len(columns) or 1)
    outputs[2, 0] = torch.nan
    decision = Decision(loss, "logits", columns)
    assert (decision.classes(outputs) == -1).tolist() == [False, False, True, False]
    shares = decision.probabilities(outputs)
    assert shares.isnan().all(-1).tolist() == [False, False, True, False]


def test_raw_numbers_take_the_nearest_class():
    decision = Decision("mse", "logits", values=(-1.0, 1.0))
    outputs = torch.tensor([[-5.0], [-0.1], [0.1], [0.5]])
    assert decision.classes(outputs).tolist() == [0, 0, 1, 1]
    torch.testing.assert_close(
        decision.probabilities(outputs)[:, 1], torch.tensor([0.0, 0.45, 0.55, 0.75])
    )
    three = Decision("mae", "logits", values=(1.0, 2.0, 3.0))
    assert three.classes(torch.tensor([[0.0], [2.2], [9.0]])).tolist() == [0, 1, 2]
