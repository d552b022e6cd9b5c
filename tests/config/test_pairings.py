"""Legal but doubtful settings have one plain line each; sound ones have none."""

import pytest

from nnexp.config.check import warnings

DOUBTFUL = {
    "loss=nll model.output=softmax": "the loss is then negative, in [-1, 0]",
    "loss=nll model.output=sigmoid": "the loss is then negative, in [-1, 0]",
    "loss=nll": "unbounded below",
    "model.output=softmax": "cross_entropy takes logits",
    "model.output=sigmoid": "cross_entropy takes logits",
    "model.output=relu": "cross_entropy takes logits",
    "model.output=log_softmax": "harmless",
    "loss=bce": "probabilities",
    "loss=bce_with_logits model.output=sigmoid": "takes logits",
    "model.output=softmax model.outputs=1 loss=mse": "always 1",
    "model.output=log_softmax model.outputs=1 loss=mse": "always 0",
    "model.outputs=1": "constant",
    "loss=mse": "codes of the classes",
    "loss=mae": "codes of the classes",
    "data.labels=raw": "as they are",
    "loss.scale=-1": "climbs",
    "loss.scale=0": "switched off",
    "optimizer.maximize=true": "climbs",
    "optimizer.lr=0": "no weight",
    "loss.reduction=sum optimizer=sgd": "a step is as long as with mean",
    "loss.reduction=sum optimizer.lr=0.5": "grow with the batch",
    "reg.l1=0.1": "reg.l1=0.1",
    "reg.l2=1": "reg.l2=1",
    "scheduler.warmup=50": "warm-up",
    "reg.patience=50": "before it can stop",
}
SOUND = [
    "",
    "loss=nll model.output=log_softmax",
    "loss=bce model.output=sigmoid",
    "loss=bce_with_logits",
    "loss.reduction=sum",
    "regularizer=combined",
    "regularizer=l1",
]


@pytest.mark.parametrize("typed", DOUBTFUL)
def test_doubtful_settings_say_so_in_one_line(typed, quick):
    lines = warnings(quick(typed))
    assert any(DOUBTFUL[typed] in line for line in lines)
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize("typed", SOUND)
def test_sound_settings_have_no_warning(typed, quick):
    assert warnings(quick(typed)) == []
