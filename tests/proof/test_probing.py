"""Probes: each changes one thing, and what it shows is told and nominated."""

import json
import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import nnexp
from nnexp import cli
from nnexp.config.compose import compose
from nnexp.data import load_table, prepare
from nnexp.data.altered import blank, dealt, one_batch
from nnexp.diagnosis.probe import Probe, table
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.proof import probing
from nnexp.proof.arms import Arm, member_config
from nnexp.proof.probed import PlannedProbe, nominations, read_probe
from nnexp.proof.probing import Probed, affordable, planned, probe
from nnexp.proof.typed_back import typed_back

WORDS = ["data=wine", "trainer.epochs=15", "trainer.progress=none", "trainer.tensorboard=false"]


def run(tmp_path, *more):
    return nnexp.run([*WORDS, *more], root=tmp_path)


@pytest.fixture(scope="module")
def wine():
    config = compose(["data=wine"])
    return prepare(load_table(config.data), config.data)


def test_a_batch_to_learn_by_heart(wine):
    batch = one_batch(wine, 8)
    assert len(batch.train) == 8
    assert set(batch.train) <= set(wine.train)
    assert list(batch.valid) == list(batch.train)
    assert len(batch.test) == 0
    assert len(one_batch(wine, 10**6).train) == len(wine.train)


def test_a_batch_has_all_classes(wine):
    rare = replace(wine, train=np.r_[wine.train[wine.y[wine.train] == 0], wine.train[:1]])
    for dataset in (wine, rare):
        counts = np.bincount(dataset.y[one_batch(dataset, 9).train])
        assert set(np.unique(dataset.y[dataset.train])) == set(np.flatnonzero(counts))
    assert list(np.bincount(wine.y[one_batch(wine, 9).train])) == [3, 3, 3]


@cache
def any_config():
    return compose(["data=wine"])


def plan(name, values, cause=""):
    return PlannedProbe(name, ("a=1",), Arm(any_config(), (), None, values, values, 400), cause)


def test_runs_without_a_score():
    nan = float("nan")
    base = plan("as it is", [nan] * 5)
    slower = plan("slower", [0.9, 0.91, 0.89, 0.9, 0.9], "lr_too_high")
    (own,) = nominations([base, slower, plan("other", [nan] * 5, "undertrained")])
    assert own.cause == "lr_too_high"
    once = plan("once", [nan, nan, nan, 0.9, nan], "lr_too_low")
    assert nominations([plan("as it is", [0.2] * 5), once]) == []
    probes = [read_probe(one, [base, slower]) for one in (base, slower, once)]
    assert probes[0].value is None
    content = json.loads(json.dumps([one.plain() for one in probes]))
    assert [Probe.from_plain(one) for one in content] == probes
    assert "-" in table(probes)


def test_chance_is_not_nominated():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(60):
        share = 0.9 + rng.normal(0, 0.01, (11, 5))
        rows = [plan(str(n), list(own), "undertrained" if n else "") for n, own in enumerate(share)]
        alarms += bool(nominations(rows))
    assert alarms <= 1


def test_one_row_of_a_rare_class_nominates_nothing():
    def probe(name, score, cause=""):
        judges = {row: int(row < 5) for row in range(200)}
        arm = Arm(any_config(), (), None, [0.97] * 5, [score] * 5, 200, judges, weighted=True)
        return PlannedProbe(name, ("a=1",), arm, cause)

    base = probe("as it is", 0.6)
    assert nominations([base, probe("faster", 0.7, "lr_too_low")]) == []  # 4 of 5 for 3
    (own,) = nominations([base, probe("faster", 0.95, "lr_too_low")])
    assert own.evidence[0].signal.startswith("balanced accuracy")


def test_where_one_class_has_nearly_all_rows_recalls_judge_probes():
    judges = {row: int(row < 15) for row in range(200)}
    arm = Arm(any_config(), (), None, [0.93] * 5, [0.6] * 5, 200, judges)
    assert PlannedProbe("as it is", (), arm).scores == [0.6] * 5
    assert PlannedProbe("as it is", (), replace(arm, judges={})).scores == [0.93] * 5


def test_no_inputs(wine):
    empty = blank(wine)
    assert not empty.x.any()
    assert empty.y is wine.y


def test_labels_dealt_anew(wine):
    other = dealt(wine)
    held_out = np.concatenate((wine.valid, wine.test))
    assert list(other.y[held_out]) == list(wine.y[held_out])
    assert sorted(other.y[wine.train]) == sorted(wine.y[wine.train])
    assert list(other.y[wine.train]) != list(wine.y[wine.train])


def test_numbers_as_labels_are_dealt_with_the_labels(tmp_path):
    path = tmp_path / "signs.csv"
    path.write_text("x,y\n" + "".join(f"{n},{1 if n % 3 else -1}\n" for n in range(40)))
    config = compose(["data=csv", f"data.path={path}", "data.target=y", "data.labels=raw"])
    raw = prepare(load_table(config.data), config.data)
    other = dealt(raw)
    by_class = {int(k): float(v) for k, v in zip(raw.y, raw.raw, strict=True)}
    assert list(other.raw) == [by_class[int(k)] for k in other.y]
    assert list(other.y) != list(raw.y)


def test_each_probe_changes_one_thing():
    words = ["data=wine", "optimizer=sgd", "reg.l2=0.1", "model.hidden=[16]"]
    base = compose(words)
    plans = {own.name: own for own in planned(base, words)}
    assert plans["as it is"].arm.config == base
    free = plans["no regularization"].arm.config
    assert free == replace(base, reg=replace(base.reg, l2=0.0))
    faster = plans["learning rate x 10"].arm.config
    assert faster == replace(base, optimizer=replace(base.optimizer, lr=0.5))
    assert plans["a larger network"].arm.config.model.hidden == [64]
    assert plans["4 times the epochs"].arm.config.trainer.epochs == 4 * base.trainer.epochs
    adam = plans["optimizer=adam optimizer.lr=0.001"].arm.config
    assert (adam.optimizer.name, adam.optimizer.lr, adam.reg) == ("adam", 0.001, base.reg)
    assert not any("sgd" in name for name in plans)
    heart = plans["32 rows, learnt by heart"].arm.config
    assert (heart.trainer.batch_size, heart.reg.l2) == (32, 0.0)


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        (["optimizer=adam"], []),
        (["optimizer=rmsprop", "optimizer.lr=0.00003"], [0.001, 0.01]),
        (["optimizer=sgd", "optimizer.lr=50"], [0.005, 0.05, 0.5]),
    ],
)
def test_an_optimizer_is_tried_at_its_usual_rates(words, rates):
    words = ["data=wine", *words]
    base = compose(words)
    plans = [own for own in planned(base, words) if own.name.startswith("learning rate ")]
    plans = [own for own in plans if not own.name.startswith("learning rate x")]
    assert [own.arm.config.optimizer.lr for own in plans] == rates
    higher = rates and rates[0] > base.optimizer.lr
    assert {own.cause for own in plans} <= {"lr_too_low" if higher else "lr_too_high"}


@pytest.mark.parametrize(("l2", "tried"), [(0.0, True), (0.001, True), (0.005, False)])
def test_a_penalty_is_tried_where_there_is_little_or_none(l2, tried):
    words = ["data=wine", f"reg.l2={l2}"]
    plans = [own for own in planned(compose(words), words) if own.cause == "overfit"]
    assert [own.arm.config.reg.l2 for own in plans] == [0.01] * tried


def test_what_does_not_apply_is_left_out():
    plans = [own.name for own in planned(compose(["data=wine"]), ["data=wine"])]
    assert "no regularization" not in plans  # there is none
    linear = ["data=wine", "model=linear"]
    wider = [own for own in planned(compose(linear), linear) if own.name == "a larger network"]
    assert wider[0].arm.config.model.name == "mlp"


def test_members_share_the_split_of_the_run():
    config = compose(["data=wine", "seeds.split=3"])
    assert member_config(config, 5).seeds.split == 3
    assert member_config(config, 5, 4).seeds.of_split == (3, 7)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A run whose rate is too low, and what its probes showed."""
    words = ("optimizer=sgd", "optimizer.lr=1e-4", "optimizer.momentum=0")
    folder = run(tmp_path_factory.mktemp("slow"), *words).folder
    return folder, probe(folder)


def test_a_rate_too_low(slow):
    probed = slow[1]
    told = {own.name: own for own in probed.probes}
    assert told["learning rate x 10"].gain > 0.1
    assert "cannot learn" in told["32 rows, learnt by heart"].meaning
    causes = {own.cause: own for own in probed.nominations}
    (word,) = causes["lr_too_low"].fix
    best = max((own for own in probed.probes if own.fix == (word,)), key=lambda own: own.gain)
    assert best.gain >= told["learning rate x 10"].gain
    assert "lr_too_high" not in causes
    assert probed.runs == 5 * len(probed.probes)


def test_a_healthy_run(tmp_path):
    done = run(tmp_path, "trainer.epochs=20")
    probed = probe(done.folder)
    told = {own.name: own for own in probed.probes}
    assert told["32 rows, learnt by heart"].value == 1
    assert told["inputs of zero"].gain < -0.3
    assert told["inputs of zero"].meaning == "what the inputs are worth"
    assert told["train labels dealt anew"].meaning == "what the labels are worth"
    assert probed.nominations == []


def test_a_penalty_too_large(tmp_path):
    done = run(tmp_path, "reg.l2=30", "trainer.epochs=8")
    (own,) = (n for n in probe(done.folder).nominations if n.cause == "over_regularized")
    assert own.fix == ("reg.l2=0.0",)


def test_little_time_is_spent_on_few_probes(tmp_path):
    done = run(tmp_path)
    probed = probe(done.folder, budget=1e-6)
    assert [own.name for own in probed.probes][:2] == ["as it is", "32 rows, learnt by heart"]
    assert probed.runs == 3 * 4
    assert probed.probes[-1].name == f"{len(planned(compose(WORDS), WORDS)) - 4} more"
    assert probed.probes[-1].meaning.startswith("not made")
    again = Diagnosis.from_plain(Diagnosis([], probes=tuple(probed.probes)).plain())
    assert again.probes == tuple(probed.probes)


def test_what_costs_much_is_left_out_before_what_follows_it():
    plans = planned(compose(WORDS), WORDS)
    costs = [50.0 if own.name == "a larger network" else 1.0 for own in plans]
    kept = affordable(plans, costs, 6.0)
    assert [own.name for own in kept] == [
        "as it is",
        "learning rate x 0.1",
        "learning rate x 10",
        "reg.l2=0.01",
        "data.scaling=quantile",
        "4 times the epochs",
    ]


def test_probes_that_nobody_asked_for_are_not_made_for_nothing(tmp_path):
    assert probe(run(tmp_path).folder, budget=1e-6, unasked=True) == Probed()


def test_typed_settings_are_told_as_such():
    words = [*WORDS, "trainer.batch_size=64", "trainer.batch_size=128", "optimizer.eps=0.1"]
    assert typed_back(compose(words), words) == [
        ("trainer.batch_size=32", "undertrained"),
        ("optimizer.eps=1e-08", "unsuitable_optimizer"),
    ]
    assert typed_back(compose(WORDS), [*WORDS, "trainer.batch_size=[1"]) == []
    base = plan("as it is", [0.5] * 5)
    rate = plan("learning rate x 10", [0.8] * 5, "lr_too_low")
    typed = replace(plan("eps", [0.8] * 5, "unsuitable_optimizer"), typed=True)
    # it is held against the run, not against the best of the rates
    found = {own.cause: own for own in nominations([base, rate, typed])}
    assert "as it is by itself" in found["unsuitable_optimizer"].explanation
    other = plan("sgd", [0.8] * 5, "unsuitable_optimizer")
    assert [own.cause for own in nominations([base, rate, other])] == ["lr_too_low"]


def test_a_gain_by_another_scaling_is_told_for_what_it_is():
    base, scaled = plan("as it is", [0.5] * 5), plan("rank", [0.8] * 5, "outlier_crushed_feature")
    (found,) = nominations([base, scaled])
    assert found.title == "the inputs are learnt from better in another scaling"


@pytest.mark.parametrize(("score", "first"), [(0.79, True), (0.7, False)])
def test_a_typed_setting_that_gains_as_much_comes_first(score, first):
    base, scaled = plan("as it is", [0.5] * 5), plan("rank", [0.8] * 5, "outlier_crushed_feature")
    missing = plan("missing", [score] * 5, "informative_missingness")
    missing = replace(missing, words=("data.missing=mean",), typed=True)
    found = {own.cause: own for own in nominations([base, scaled, missing])}
    typed = found["informative_missingness"]
    assert (typed.title, typed.typed) == ("missing cells are treated in a way that costs", True)
    assert (typed.strength > found["outlier_crushed_feature"].strength) == first


def test_of_one_cause_the_typed_setting_is_put_back():
    base, rate = plan("as it is", [0.5] * 5), plan("rate", [0.8] * 5, "lr_too_low")
    schedule = replace(plan("schedule", [0.79] * 5, "lr_too_low"), typed=True)
    schedule = replace(schedule, words=("scheduler=constant",))
    (found,) = nominations([base, rate, schedule])
    assert found.fix == ("scheduler=constant",)
    assert nominations([base, rate, plan("no", [0.7] * 5, "lr_too_low")])[0].fix == ("a=1",)


@pytest.mark.parametrize(
    ("weights", "tried"),
    [("[20,1,1]", ["balanced", "null"]), ("balanced", ["null"]), ("null", [])],
)
def test_weights_by_hand_are_tried_balanced_and_none(weights, tried):
    words = ["data=wine", f"loss.class_weight={weights}"]
    plans = [own for own in planned(compose(words), words) if own.cause == "class_imbalance"]
    assert [own.words for own in plans] == [(f"loss.class_weight={one}",) for one in tried]
    better = [replace(own, arm=plan("", [0.8] * 5).arm) for own in plans]
    for own in better:
        (found,) = nominations([plan("as it is", [0.5] * 5), own])
        assert "weights" in found.title


def test_runs_that_weight_their_classes_are_probed_by_balanced_accuracy():
    base, more = plan("as it is", [0.9] * 5), plan("more", [0.7] * 5, "undertrained")
    for own, balanced in ((base, 0.5), (more, 0.7)):
        own.arm.balanced, own.arm.weighted = [balanced] * 5, True
    (found,) = nominations([base, more])
    assert found.evidence[0].signal.startswith("balanced accuracy on validation rows with")
    assert read_probe(more, [base, more]).metric == "balanced_accuracy/val"


def test_no_rows_to_judge_by(tmp_path, monkeypatch):
    done = run(tmp_path, "data.split.valid=0", "trainer.monitor=train_loss", "trainer.epochs=1")
    monkeypatch.setattr(probing, "train_arms", lambda *arms, **rest: pytest.fail("in vain"))
    with pytest.raises(UserError, match="no validation rows"):
        probe(done.folder)


def test_probes_without_a_score(tmp_path, monkeypatch):
    done = run(tmp_path, "trainer.epochs=1")
    monkeypatch.setattr(probing, "train_arms", lambda *arms, **rest: 0)
    with pytest.raises(UserError, match="no probe came to a validation score"):
        probe(done.folder)


def test_probes_stand_in_the_diagnosis_and_its_report(slow, tmp_path, monkeypatch):
    folder = shutil.copytree(slow[0], tmp_path / "run")
    monkeypatch.setattr("nnexp.verdict.diagnose.make_probes", lambda *given, **rest: slow[1])
    verdict = nnexp.diagnose(folder, probe=True)
    assert verdict.findings[0].cause == "lr_too_low"
    assert "learning rate x 10" in str(verdict)
    content = json.loads((folder / "diagnosis.json").read_text())
    again = Diagnosis.from_plain(content)
    assert again.probes == verdict.diagnosis.probes
    assert again.plain() == content
    page = (folder / "report.html").read_text()
    assert "learnt by heart" in page
    assert "learnt by heart" in verdict.diagnosis.markdown()
    plain = nnexp.diagnose(folder)
    assert "probes" not in plain.diagnosis.plain()


def test_a_table_of_probes():
    rows = [
        Probe("as it is", (), "accuracy/val", 0.5, None, None, ""),
        Probe("more", ("a=1",), "accuracy/val", 0.75, 0.25, (0.2, 0.3), "better"),
    ]
    assert table(rows).splitlines() == [
        "probes:",
        "  as it is  0.500",
        "  more      0.750  +0.250 (+0.200 to +0.300)  better",
    ]
    assert table([]) == ""


def test_on_the_command_line(slow, tmp_path, capsys):
    folder = shutil.copytree(slow[0], tmp_path / "run")
    assert cli.main(["diagnose", str(folder), "--probe", "--budget", "1"]) == 0
    said = capsys.readouterr().out
    assert "probes:\n  as it is" in said
    assert "probes took" in said


@pytest.mark.parametrize("budget", ["0", "-3", "nan"])
def test_no_time_at_all(tmp_path, budget):
    done = run(tmp_path, "trainer.epochs=1")
    assert cli.main(["diagnose", str(done.folder), "--prove", f"--budget={budget}"]) == 2
