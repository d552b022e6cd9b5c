"""Many jobs' configurations are those that Hydra composes one by one."""

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser

from nnexp.config.compose import compose
from nnexp.config.many import compose_many
from nnexp.config.store import conf_dir, register
from nnexp.errors import UserError

parse_override = OverridesParser.create().parse_override


@pytest.fixture
def load():
    """Hydra's composition, counting its calls."""
    register()
    calls = []

    def compose_by_hydra(overrides):
        calls.append(overrides)
        return hydra_compose(config_name="config", overrides=overrides)

    compose_by_hydra.calls = calls
    with initialize_config_dir(str(conf_dir()), job_name="train", version_base="1.3"):
        yield compose_by_hydra


JOBS = [
    [],
    ["optimizer=sgd", "optimizer.momentum=0.5"],
    ["optimizer.lr=0.1", "optimizer=sgd"],
    ["model.hidden=[8,8]", "reg.dropout=[0.1,0.2]"],
    ["experiment=overfit", "data.rows=100"],
    ["data=wine", "data.split.folds=3", "data.split.fold=1"],
    ["seed=3", "seeds.init=${seed}"],
    ["model=custom", "model._target_=a.B", "model.args.width=64"],
    ["optimizer={lr:1}"],
    ["loss.class_weight=[1,2,3]", "loss.class_weight=balanced"],
]


def test_each_is_what_it_would_be_alone(load):
    found = compose_many(load, JOBS)
    for job, config in zip(JOBS, found, strict=True):
        assert config == compose(job), job


def test_jobs_share_nothing_that_can_be_changed(load):
    first, second = compose_many(load, [["reg.l2=0.1"], ["reg.l2=0.1"]])
    first.model.hidden.append(1)
    assert second.model.hidden == [128, 128]


@pytest.mark.matrix(6)
@pytest.mark.parametrize(
    ("words", "job"),
    [
        (["reg.l2=0.1", "seed=1,2"], ["reg.l2=0.1", "seed=2"]),
        (
            ["seed=3", "seeds.init=${seed}", "reg.l2=0,1"],
            ["seed=3", "seeds.init=${seed}", "reg.l2=1"],
        ),
        # a value that is laid already, and one at the same place: the later one holds
        (["optimizer.lr=0.5", "seed=1,2"], ["optimizer.lr=0.5", "optimizer.lr=0.1", "seed=1"]),
        (["optimizer.lr=0.5", "seed=1,2"], ["optimizer.lr=0.1", "optimizer.lr=0.5", "seed=1"]),
        (["optimizer.lr=0.5", "seed=1,2"], ["optimizer={lr:0.1}", "optimizer.lr=0.5"]),
        (["optimizer.lr=0.5", "seed=1,2"], ["optimizer.lr=0.5", "optimizer={lr:0.1}"]),
        (["reg.l2=0.1", "reg.l2=0.2", "seed=1,2"], ["reg.l2=0.1", "reg.l2=0.2", "seed=1"]),
        (
            ["reg={l2:0.1,l1:0.2}", "reg.l2=0.5", "reg.l1=0.3,0.4"],
            ["reg={l2:0.1,l1:0.2}", "reg.l2=0.5", "reg.l1=0.4"],
        ),
        (
            ["optimizer={lr:0.1}", "optimizer.lr=0.5", "optimizer.betas=[0.5,0.6],[0.7,0.8]"],
            ["optimizer={lr:0.1}", "optimizer.lr=0.5", "optimizer.betas=[0.7,0.8]"],
        ),
        (["reg.l2=0.5", "reg.l2=0.1"], ["reg.l2=0.5", "reg.l2=0.1", "reg.l2=0.5"]),
        (["optimizer=sgd", "optimizer.lr=0.5,1"], ["optimizer=sgd", "optimizer.lr=1"]),
    ],
    ids=str,
)
def test_on_what_hydra_composed_of_the_whole_it_is_the_same(load, words, job):
    swept = [word for word in words if parse_override(word).is_sweep_override()]
    composed = load([word for word in words if word not in swept])
    (config,) = compose_many(load, [job], (words, composed))
    assert config == compose(job)


@pytest.mark.parametrize(
    "job",
    [
        ["optimizer=adm"],
        ["reg.l2=-1"],
        ["reg.l2=abc"],
        ["reg.l3=1"],
        ["model.hidden=[64"],
        ["optimizer=sgd", "optimizer.betas=[0.1,0.2]"],
        ["data.split.folds=3"],
        ["~optimizer"],
        ["data.target=y,c"],
        ["+optimizer.amsgrad=true"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_that_jobs_alone_and_worded_as_ever(load, job):
    good, bad, also_good = compose_many(load, [["seed=1"], job, ["seed=2"]])
    assert (good.seed, also_good.seed) == (1, 2)
    with pytest.raises(UserError) as alone:
        compose(job)
    assert str(bad) == str(alone.value)


def test_the_name_of_the_folder_is_no_reason_to_compose_anew(load):
    words = ["hydra.run.dir=outputs/a", "'hydra.run.dir=b c'", "hydra.run.dir=${now:%Y}"]
    found = compose_many(load, [[word.strip("'"), f"seed={n}"] for n, word in enumerate(words)])
    assert found == [compose([f"seed={n}"]) for n in range(3)]
    assert len(load.calls) == 1
    for odd in ("hydra.sweep.dir=a", "hydra.run.dri=a", "+hydra.run.dir=a", "hydra.run=a"):
        (error,) = compose_many(load, [[odd]])
        assert isinstance(error, UserError), odd


def test_hydra_composes_once_for_each_choice_of_options(load):
    jobs = [
        [f"optimizer={name}", f"optimizer.lr={lr}", f"seed={seed}"]
        for name in ("sgd", "adam")
        for lr in (0.1, 0.2)
        for seed in range(20)
    ]
    found = compose_many(load, jobs)
    assert len(load.calls) == 2
    assert [(c.optimizer.name, c.optimizer.lr, c.seed) for c in found] == [
        (name, lr, seed) for name in ("sgd", "adam") for lr in (0.1, 0.2) for seed in range(20)
    ]


VALUES = [
    ["optimizer.lr=1"],  # a whole number where the key takes any
    ["optimizer.lr=1e-3", "reg.l2='0.5'"],
    ["data.split.folds=null"],
    ["trainer.watch=off"],
    ["trainer.watch='true'"],
    ["data.missing=mean", 'data.scaling="robust"'],
    ["loss.class_weight=balanced"],
    ["threads=auto", "seed=12"],
    ["reg.dropout=0.25"],
    ["reg.dropout=0"],
    ["seed=1", "seed=2"],
    ["seeds.init=${seed}", "seed=5"],
]
MISTAKES = [
    ["seed=0x10"],
    ["trainer.patience=null", "trainer.epochs=7"],
    ["optimizer.lr=abc"],
    ["optimizer.lr=null"],
    ["optimizer.lr=true"],
    ["optimizer.lr=???"],
    ["trainer.epochs=1.5"],
    ["trainer.epochs=0"],
    ["seed.x=1"],
    ["sweep.n=3"],
    ["optimizer=1"],
    ["data.split.fold=9"],
    ["trainer.watch=maybe"],
]


@pytest.mark.matrix(6)
@pytest.mark.parametrize("job", VALUES, ids=" ".join)
def test_single_values_are_taken_as_hydra_takes_them(load, job):
    (found,) = compose_many(load, [job])
    assert repr(found) == repr(compose(job))  # by it 1 is not 1.0


@pytest.mark.matrix(7)
@pytest.mark.parametrize("job", MISTAKES, ids=" ".join)
def test_single_values_are_refused_as_hydra_refuses_them(load, job):
    (found,) = compose_many(load, [job])
    with pytest.raises(UserError) as alone:
        compose(job)
    assert str(found) == str(alone.value)


def test_single_values_are_set_without_laying_them_on_a_tree(load, monkeypatch):
    laid = []
    monkeypatch.setattr(
        ConfigLoaderImpl,
        "_apply_overrides_to_config",
        lambda overrides, tree: laid.append(overrides),
    )
    composed = load([])
    laid.clear()
    found = compose_many(
        load, [[f"seed={seed}", "reg.l2=0.1"] for seed in range(3)], ([], composed)
    )
    assert [(config.seed, config.reg.l2) for config in found] == [(0, 0.1), (1, 0.1), (2, 0.1)]
    assert not laid
