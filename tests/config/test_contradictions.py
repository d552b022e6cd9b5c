"""Each contradiction is refused, its remedy is accepted, and its near neighbours are legal."""

import shlex

import pytest

from nnexp.config.contradictions import RULES
from nnexp.errors import UserError

REFUSED = {
    "optimizer=sgd optimizer.nesterov=true optimizer.momentum=0": "optimizer.momentum",
    "optimizer=sgd optimizer.nesterov=true optimizer.dampening=0.1": "optimizer.dampening",
    "model.skip=true model.hidden=[3,4]": "model.skip",
    "model.skip=true model.hidden=[3]": "model.skip",
    "model.skip=true model.hidden=[]": "model.skip",
    "model.norm=batch trainer.batch_size=1": "model.norm",
    "data.split.valid=0": "trainer.checkpoint",
    "data.split.valid=0 trainer.checkpoint=last reg.patience=3": "reg.patience",
    "data.split.valid=0 trainer.checkpoint=last scheduler=plateau": "scheduler=plateau",
    "data.split.valid=0 trainer.monitor=val_accuracy": "trainer.monitor",
    "reg.dropout=[0.5]": "reg.dropout",
    "reg.dropout=[0,0,0]": "reg.dropout",
    "model=linear reg.dropout=0.3": "reg.dropout",
    "model=linear regularizer=dropout": "reg.dropout",
    "model.hidden=[] reg.dropout=0.3": "reg.dropout",
    "model=custom model._target_=a.B reg.dropout=0.3": "reg.dropout",
    "data.split.test=0.5 data.split.valid=0.5": "data.split.test",
    "data.split.folds=5": "data.split.folds=5 without data.split.fold",
    "data.split.fold=2": "data.split.fold=2 without data.split.folds",
    "data.split.fold=9": "data.split.fold=9 without data.split.folds",
    "data.split.folds=5 data.split.fold=5": "data.split.fold=5 with data.split.folds=5",
    "data=csv": "data.path",
    "data=csv data.path=a.csv data.test_path=b.csv data.split.test=0.9 data.split.by=x": "split.by",
    "data=idx": "data.path",
    "data=idx data.images=a": "labels",
    "data=idx data.path=a data.images=b data.image_labels=c": "data.images",
    "data=idx data.path=a data.test_images=b": "labels",
    "data=openml": "data.id",
    "data=openml data.id=3 data.dataset=wine": "data.id",
    "data.split.method=group": "data.split.by",
    "data.split.method=time": "data.split.by",
    "data.split.method=column": "data.split.by",
    "data=csv data.path=a.csv data.test_path=b.csv data.split.method=group": "data.split.by",
    "data.split.by=patient": "data.split.by",
    "data.target=a data.drop=[a]": "data.drop",
    "data.numeric=[a] data.categorical=[a]": "data.numeric",
    "data.target=a data.split.method=group data.split.by=a": "data.split.by",
    'data.sentinels=["glucose"]': "'glucose'",
    'data.sentinels=["bmi=0","glucose=none"]': "'glucose=none'",
    "data.sentinels=[0]": "'0'",
    "data=classification data.features=3": "data.informative",
    "data=classification data.weights=[0.5]": "data.weights",
    "data=classification data.weights=[0,0]": "data.weights",
    "model=custom": "model._target_",
    "optimizer.betas=[0.9]": "optimizer.betas",
    "optimizer.betas=[0.9,0.9,0.9]": "optimizer.betas",
    "loss=mse reg.label_smoothing=0.1": "reg.label_smoothing",
    "loss=mae reg.label_smoothing=0.1": "reg.label_smoothing",
    "data.labels=raw reg.label_smoothing=0.1": "reg.label_smoothing",
    "data.labels=raw loss.class_weight=balanced": "loss.class_weight",
    "loss.class_weight=[0,0]": "loss.class_weight",
    "loss.class_weight=[1,2] model.outputs=3": "loss.class_weight",
    "optimizer.name=sgd": "optimizer.name",
    "data.name=nothing": "data.name",
}
LEGAL = [
    "optimizer=sgd optimizer.nesterov=true",
    "model.skip=true",
    "model.skip=true model.hidden=[3,4,4]",
    "model.norm=batch trainer.batch_size=2",
    "model.norm=layer trainer.batch_size=1",
    "data.split.valid=0 trainer.checkpoint=last",
    "data.split.valid=0 trainer.monitor=train_loss reg.patience=3 scheduler=plateau",
    "data.split.valid=0 data.split.method=column data.split.by=part",
    "data.split.folds=5 data.split.fold=4",
    "data.split.folds=2 data.split.fold=0 data.split.valid=0 reg.patience=3",
    "data.split.folds=2 data.split.fold=0 data.split.test=0.3 data.split.valid=0.8",
    "reg.dropout=[0.5,0]",
    "model=linear reg.input_dropout=0.3",
    "model=linear reg.dropout=0",
    "data=csv data.path=a.csv data.test_path=b.csv data.split.method=column",
    "data=csv data.path=a.csv data.test_path=b.csv data.split.test=0.9 data.split.valid=0.5",
    "data=idx data.path=a data.split.method=column",
    "data=idx data.images=a data.image_labels=b",
    'data.sentinels=["glucose=0","a=b=-9.5"]',
    "data=classification data.weights=[0.9,0.1]",
    "loss.class_weight=[1,2]",
    "loss.class_weight=balanced",
    # pairings of loss and output stay legal: people study them
    "loss=nll model.output=softmax",
    "loss=bce_with_logits model.output=sigmoid",
    "model.output=softmax model.outputs=1",
    "loss.scale=-1",
]


@pytest.mark.parametrize("typed", REFUSED)
def test_contradictions_are_refused_by_their_key(typed, quick):
    with pytest.raises(UserError) as caught:
        quick(typed)
    assert REFUSED[typed] in caught.value.wrong
    for line in (caught.value.wrong, caught.value.allowed, caught.value.remedy):
        assert line
        assert "\n" not in line


@pytest.mark.parametrize("typed", [t for t in REFUSED if "custom" not in t])
def test_adding_the_remedies_ends_in_a_legal_configuration(typed, quick):
    words = typed.split()
    for _ in range(4):
        try:
            quick(" ".join(words))
            return
        except UserError as error:
            words += shlex.split(error.remedy)
    pytest.fail(f"no end of remedies: {words}")


@pytest.mark.parametrize("typed", LEGAL)
def test_near_neighbours_are_legal(typed, quick):
    quick(typed)


def test_every_rule_is_documented_and_tried(quick, monkeypatch):
    tried = set()

    def noting(rule):
        def noted(config):
            error = rule(config)
            if error is not None:
                tried.add(rule)
            return error

        return noted

    monkeypatch.setattr("nnexp.config.check.RULES", tuple(noting(rule) for rule in RULES))
    for typed in REFUSED:
        with pytest.raises(UserError):
            quick(typed)
    assert tried == set(RULES)
    assert all(rule.__doc__ for rule in RULES)
