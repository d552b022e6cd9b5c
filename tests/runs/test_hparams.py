"""What stands in TensorBoard's HPARAMS tab: what every run has, and what was typed."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

import nnexp
from nnexp.config.compose import compose
from nnexp.runs.hparams import hparams, typed_keys

QUICK = ["data=iris", "model.hidden=[4]", "trainer.epochs=1", "trainer.progress=none"]


def written(folder):
    """The row of a run, read from its events; what is empty has no kind."""
    tag = metadata.SESSION_START_INFO_TAG
    content = EventAccumulator(str(folder)).Reload().SummaryMetadata(tag).plugin_data.content
    info = metadata.parse_session_start_info_plugin_data(content)
    cells = {name: (value, value.WhichOneof("kind")) for name, value in info.hparams.items()}
    return {name: kind and getattr(value, kind) for name, (value, kind) in cells.items()}


def columns(folder):
    """The columns that TensorBoard shows where it asks this run."""
    tag = metadata.EXPERIMENT_TAG
    content = EventAccumulator(str(folder)).Reload().SummaryMetadata(tag).plugin_data.content
    return {own.name for own in metadata.parse_experiment_plugin_data(content).hparam_infos}


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        ("optimizer.eps=1e-7", "optimizer.eps", 1e-7),
        ("optimizer.betas=[0.8,0.99]", "optimizer.betas", "[0.8,0.99]"),
        ("optimizer=sgd optimizer.nesterov=true", "optimizer.nesterov", True),
        ("trainer.shuffle=false", "trainer.shuffle", False),
        ("model.init_scale=2", "model.init_scale", 2.0),
        ("data.indicator=true", "data.indicator", True),
        ("loss=mse loss.scale=0.5", "loss.scale", 0.5),
        ("scheduler=step scheduler.gamma=0.5", "scheduler.gamma", 0.5),
        ("data.split.valid=0.1", "data.split.valid", 0.1),
        ("data=csv data.path=t.csv data.target=y", "data.path", "t.csv"),
        ("data=csv data.path=t.csv data.target=y", "data.target", "y"),
        ("data=csv data.path=t.csv data.target=y data.drop=[a,b]", "data.drop", "[a,b]"),
        ("model=custom model._target_=a.B +model.args.width=8", "model.args.width", 8.0),
        ("model=custom model._target_=a.B model.args={width:8}", "model.args", "{width:8}"),
        ("seeds.init=3", "seeds.init", 3.0),
        ("threads=1", "threads", "1"),
        ("threads=auto", "threads", "auto"),
        ("experiment=unscaled", "experiment", "unscaled"),
        ("regularizer=l2", "regularizer", "l2"),
        ("trainer=quick", "trainer", "quick"),
        ("optimizer='sgd'", "optimizer", "sgd"),
        ("reg.dropout=[0.1,0.5]", "reg.dropout by layer", "[0.1,0.5]"),
        ("reg.dropout=[0.1,0.5]", "reg.dropout", None),
        ("reg.patience=null", "reg.patience", None),
    ],
)
def test_what_is_typed_has_a_column(words, key, value):
    found = hparams(compose(words.split()), words.split())
    assert found[key] == value
    assert type(found[key]) is type(value)
    assert set(found) == set(hparams(compose([]))) | set(typed_keys([words.split()]))


def test_how_to_run_is_no_setting():
    words = ["seed=1", "hydra.run.dir=x", "hydra/launcher=basic", "~optimizer", "sweep.n=3", ""]
    assert hparams(compose(["seed=1"]), words).keys() == hparams(compose([])).keys()


def test_what_other_runs_set_is_a_column_too():
    typed = [["optimizer=sgd", "optimizer.nesterov=true"], ["optimizer.eps=1e-7"], ["experiment=x"]]
    keys = typed_keys(typed)
    assert keys == ["optimizer", "optimizer.nesterov", "optimizer.eps", "experiment"]
    found = hparams(compose(typed[0]), typed[0], keys)
    assert (found["optimizer"], found["optimizer.nesterov"]) == ("sgd", True)
    assert found["optimizer.eps"] is found["experiment"] is None
    found = hparams(compose([]), [], keys)
    assert (found["optimizer"], found["optimizer.eps"]) == ("adam", 1e-8)
    assert found["optimizer.nesterov"] is None


def test_a_run_writes_them(tmp_path):
    words = ["optimizer.eps=1e-7", "trainer.shuffle=false", "optimizer.betas=[0.8,0.99]"]
    run = nnexp.run([*QUICK, *words], root=tmp_path)
    row = written(run.folder)
    assert (row["optimizer.eps"], row["optimizer.betas"]) == (1e-7, "[0.8,0.99]")
    assert row["trainer.shuffle"] is False
    assert {"optimizer.eps", "trainer.shuffle", "optimizer.betas"} <= columns(run.folder)


def test_a_sweep_varies_them_in_columns_that_all_runs_have(tmp_path):
    words = ["optimizer.eps=1e-7,1e-6", "trainer.shuffle=true,false"]
    swept = nnexp.multirun([*QUICK, *words], root=tmp_path)
    rows = [written(folder) for folder in swept.runs]
    told = {(row["optimizer.eps"], row["trainer.shuffle"]) for row in rows}
    assert told == {(1e-7, True), (1e-7, False), (1e-6, True), (1e-6, False)}
    assert len({frozenset(columns(folder)) for folder in swept.runs}) == 1


def test_blocks_of_a_sweep_share_their_columns(tmp_path):
    blocks = (
        "sweep.params=[{optimizer:sgd,optimizer.nesterov:[false,true]},"
        "{optimizer:adam,optimizer.eps:[1e-7,1e-6]}]"
    )
    swept = nnexp.multirun([*QUICK, blocks, "sweep.report=false"], root=tmp_path)
    assert swept.status == ["done"] * 4
    told = [
        (row["optimizer"], row.get("optimizer.nesterov"), row.get("optimizer.eps"))
        for row in map(written, swept.runs)
    ]
    assert told == [
        ("sgd", False, None),
        ("sgd", True, None),
        ("adam", None, 1e-7),
        ("adam", None, 1e-6),
    ]
    for folder in swept.runs:
        assert {"optimizer.nesterov", "optimizer.eps"} <= columns(folder)
