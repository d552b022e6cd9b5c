"""Did you mean: what was typed, and what should be."""

import shlex

import pytest

from nnexp.config.compose import compose
from nnexp.config.groups import groups
from nnexp.config.likeness import nearest
from nnexp.config.unknown import bare_word, unknown_flag
from nnexp.errors import UserError

MEANT = {
    "l2=0.1": "reg.l2=0.1",
    "L2=0.1": "reg.l2=0.1",
    "optimizer.l2=0.1": "reg.l2=0.1",
    "regularizer.l2=0.1": "reg.l2=0.1",
    "model.dropout=0.2": "reg.dropout=0.2",
    "reg.lr=0.1": "optimizer.lr=0.1",
    "data.path=x.csv": "data=csv data.path=x.csv",
    "data.rows=50": "data=moons data.rows=50",
    "optimizer.momentum=0.5": "optimizer=sgd optimizer.momentum=0.5",
    "momentum=0.5": "optimizer=sgd optimizer.momentum=0.5",
    "scheduler.gamma=0.1": "scheduler=step scheduler.gamma=0.1",
    "lr=0.1": "optimizer.lr=0.1",
    "learning_rate=0.1": "optimizer.lr=0.1",
    "epochs=5": "trainer.epochs=5",
    "batch_size=64": "trainer.batch_size=64",
    "hidden=[3,4]": "model.hidden=[3,4]",
    "test_size=0.3": "data.split.test=0.3",
    "weight_decay=0.1": "reg.weight_decay=0.1",
    "reg=dropout": "regularizer=dropout",
    "reg=dropuot": "regularizer=dropout",
    "optimiser=adam": "optimizer=adam",
    "optimzer=sgd": "optimizer=sgd",
    "Optimizer=SGD": "optimizer=sgd",
    "optimizer=Adam": "optimizer=adam",
    "optimizer=adm": "optimizer=adam",
    "optimizer=rms_prop": "optimizer=rmsprop",
    "loss=ce": "loss=cross_entropy",
    "loss=CrossEntropy": "loss=cross_entropy",
    "regularizer=ridge": "regularizer=l2",
    "scheduler=onecycle": "scheduler=one_cycle",
    "dataset=wine": "data=wine",
    "arch=linear": "model=linear",
    "data=income.csv": "data=csv data.path=income.csv data.target=COLUMN",
    "experiment=negativ_loss": "experiment=negative_loss",
    "data.splt.test=0.1": "data.split.test=0.1",
    "data.split.tset=0.1": "data.split.test=0.1",
    "trainer.epoch=3": "trainer.epochs=3",
    "trainer.batch-size=3": "trainer.batch_size=3",
    "model.hiden=[3]": "model.hidden=[3]",
    "model.args.width=3": "model=custom model.args.width=3",
    "sead=3": "seed=3",
    "+seed=3": "seed=3",
    "++reg.l3=3": "reg.l1=3",
    "+experiment=overfit": "experiment=overfit",
    "data.split=3": "data.split.method=random",
    "gpu=0": "device=auto",
    "optimizer.learning_rate=0.1": "optimizer.lr=0.1",
    "optimizer.amsgradd=0.1": "optimizer.amsgrad=false",
    "model.layers=3": "model.hidden=[64,64,64]",
    "model.width=3": "model.hidden=[3]",
    "task=regression": "loss=cross_entropy",
    "problem_type=binary": "loss=bce_with_logits",
    "loss=l1": "loss=mae",
    "val_split=0.3": "data.split.valid=0.3",
    "train_size=0.8": "data.split.valid=0.2 data.split.test=0.2",
    "cv=5": "-m data.split.folds=5",
    "metric=accuracy": "trainer.monitor=val_accuracy",
    "early_stopping=true": "reg.patience=10",
    "gpu=1": "device=cuda",
    "trainer.gpus=1": "device=cuda",
    "trainer.learning_rate=0.1": "optimizer.lr=0.1",
    "optimizer.beta1=0.8": "optimizer.betas=[0.8,0.999]",
    "batchnorm=true": "model.norm=batch",
    "model.activation=swish": "model.activation=silu",
    "regularization=0.1": "reg.l2=0.1",
    "regularization=drop": "regularizer=dropout",
    "amp=true": "trainer.precision=bfloat16",
    "impute=mode": "data.missing=most_frequent",
    "file=x.csv": "data=csv data.path=x.csv",
    "sep=;": "data=csv 'data.separator=\";\"'",
    "log_dir=x": "hydra.run.dir=x",
    "sweep.n_jobs=2": "sweep.processes=2",
    "n_trials=20": "sweep.n=20",
    "sweep=hyperband": "sweep=halving",
    "optimizer.lr=loguniform(1e-4,0.1)": "'optimizer.lr=tag(log,interval(1e-4,0.1))'",
    "hidden_layer_sizes=(64,32)": "model.hidden=[64,32]",
    "hidden_layer_sizes=(64,),(32,32)": "-m model.hidden=[64],[32,32]",
    "model.args.depth=3": "model=custom model.args.depth=3",
    "num_layers=0": "model.hidden=[128,128]",
    "num_layers=2.0": "model.hidden=[128,128]",
    "log_dir=a b": "'hydra.run.dir=a b'",
    "resume=outputs/x": "nnexp resume outputs/x",
    "reg.patiense=0": "reg.patience=1",  # no value of the key
    "save=true": "nnexp train --help",  # not loss.scale=true, whatever is like it
    "hidden=3,4": "model.hidden=[3,4]",
    "model.hidden=(3,4)": "model.hidden=[3,4]",
    "data.target=[y]": "data.target=y",
    "loss.class_weight=balance": "loss.class_weight=balanced",
    "optimizer==adam": "optimizer=adam",
    "optimizer=adam;": "optimizer=adam",
    "optimizer=adam optimizer.lr=0.1": "optimizer=adam optimizer.lr=0.1",
    "optimizer.lr=0.1 # comment": "optimizer.lr=0.1",
    "experiment=": "nnexp train --help",
    "experiment=null": "nnexp train --help",
    "qqqq=1": "nnexp train --help",
}


NOT_OF_A_RUN = ("custom", "nnexp ", "-m ", "hydra.", "'", "sweep", "],[")


@pytest.mark.matrix(30)
@pytest.mark.parametrize("typed", MEANT)
def test_a_name_that_does_not_exist_is_answered_with_the_one_meant(typed):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy == MEANT[typed]
    assert len(str(caught.value).splitlines()) == 3


def test_what_is_suggested_composes(quick):
    for remedy in MEANT.values():
        if remedy.startswith("experiment="):
            assert remedy.partition("=")[2] in groups()["experiment"]
        elif not any(word in remedy for word in NOT_OF_A_RUN):
            quick(remedy)


@pytest.mark.parametrize("typed", ["task=regression", "loss=regression", "problem=regression"])
def test_who_asks_for_regression_is_told_that_there_is_none(typed):
    with pytest.raises(UserError, match="regression is not supported"):
        compose([typed])


def test_a_separator_is_suggested_as_the_shell_and_hydra_read_it():
    words = shlex.split(MEANT["sep=;"])
    assert compose([*words, "data.path=x.csv", "data.target=y"]).data.separator == ";"


def test_the_option_chosen_decides_which_keys_exist():
    with pytest.raises(UserError) as caught:
        compose(["experiment=unscaled", "optimizer.betas=[0.9,0.99]"])
    assert "optimizer=sgd" in caught.value.wrong
    assert caught.value.remedy == "optimizer=adam optimizer.betas=[0.9,0.99]"


@pytest.mark.parametrize(
    ("flag", "value", "remedy"),
    [
        ("--optimizer=adam", None, "optimizer=adam"),
        ("--optimizer", "adam", "optimizer=adam"),
        ("--lr", "0.1", "optimizer.lr=0.1"),
        ("--batch-size", "64", "trainer.batch_size=64"),
        ("--optimizer.lr=0.1", None, "optimizer.lr=0.1"),
        ("-lr", "0.1", "optimizer.lr=0.1"),
        ("--epochs", None, "trainer.epochs=50"),
        ("--sep", ";", "data=csv 'data.separator=\";\"'"),
    ],
)
def test_flags_of_other_tools(flag, value, remedy):
    assert unknown_flag(flag, value).remedy == remedy


@pytest.mark.parametrize(
    ("word", "following", "remedy"),
    [
        ("optimizer", ["adam"], "optimizer=adam"),
        ("lr", ["=", "0.1"], "optimizer.lr=0.1"),
        ("optimizer.lr", ["0.1"], "optimizer.lr=0.1"),
        ("optimizer.lr", [], "optimizer.lr=0.001"),
        ("64]", [], "'model.hidden=[64, 64]'"),
        ("wine", [], "data=wine"),
        ("=5", [], "nnexp train --help"),
        ("t.csv", [], "data=csv data.path=t.csv data.target=COLUMN"),
        ("zzzz", [], "nnexp train --help"),
    ],
)
def test_words_without_a_sign(word, following, remedy):
    assert bare_word(word, following).remedy == remedy


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("data.drop=[x=1,b]", "'data.drop=[\"x=1\",b]'"),
        ("data.drop=[größe]", "'data.drop=[\"größe\"]'"),
        ("data.drop=[col.with[br]]", "'data.drop=[\"col.with[br]\"]'"),
        ("data.drop=[a[1],b[2]]", '\'data.drop=["a[1]","b[2]"]\''),
    ],
)
def test_names_in_a_list_are_quoted_one_by_one(typed, remedy):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy == remedy
    assert compose([remedy.strip("'")]).data.drop


@pytest.mark.parametrize(
    ("typed", "target"), [("it's", "it's"), ("'its", "its"), ("a'b\"c", "a'b\"c")]
)
def test_a_quote_within_a_text_stays(typed, target):
    with pytest.raises(UserError) as caught:
        compose([f"data.target={typed}"])
    assert compose(shlex.split(caught.value.remedy)).data.target == target


def test_a_torn_list_is_put_together():
    words = ["data=iris", "data.drop=[a,"]
    assert bare_word("b,", ["c]", "seed=1"], words).remedy == "'data.drop=[a, b, c]'"


def test_a_target_that_is_typed_is_not_asked_for():
    with pytest.raises(UserError) as caught:
        compose(["data=t.csv", "data.target=y"])
    assert caught.value.remedy == "data=csv data.path=t.csv"


def test_nearest():
    assert nearest("Adm", ["sgd", "adam"]) == "adam"
    assert nearest("zzz", ["sgd", "adam"]) is None
    assert nearest("x", []) is None


@pytest.mark.parametrize("typed", ["seed=range(x)", "optimizer.lr=0.1,,0.2"])
def test_what_was_refused_is_not_proposed(typed):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy != typed
