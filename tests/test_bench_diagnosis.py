"""scripts/bench_diagnosis.py: its cases, the test of harm, and the rules of other tools."""

import sys
from copy import deepcopy
from dataclasses import replace
from functools import cache, reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import diagnosis_report as report
from diagnosis_baselines import (
    AUTO_TRAINER,
    DEEP_CHECKER,
    DEEP_DIAGNOSIS,
    SAGEMAKER,
    TOOLS,
    UMLAUT,
)
from diagnosis_case import KINDS, SCORES, commands, merged
from diagnosis_cases import CASES, CONTROLS, ELSEWHERE, available, twins
from diagnosis_faults import parts, split_speakers, step
from diagnosis_recorded import Recorded, activate, read
from diagnosis_report import Judged, Said
from diagnosis_runs import Harm, Scores, harm, paired_p, score, train
from diagnosis_tables import TABLES, people
from diagnosis_unseen import UNSEEN

from nnexp.diagnosis.causes import CAUSES

EVERYTHING = [*CASES, *CONTROLS, *twins(CASES, CONTROLS)]
GROUPS = ("data", "model", "optimizer", "scheduler", "loss")


@pytest.fixture(scope="module")
def accepts():
    """Whether the configuration takes some overrides; each choice of options is composed once."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from nnexp.config.check import check_settings
    from nnexp.config.compose import compose

    @cache
    def option(word):
        needed = {
            "data=csv": ["data.path=table.csv", "data.target=target"],
            "model=custom": ["model._target_=package.module.Net"],
        }
        return getattr(compose([word, *needed.get(word, [])]), word.split("=")[0])

    parser, plain = OverridesParser.create(), compose()

    def accept(words):
        chosen = [word for word in words if word.split("=")[0] in GROUPS]
        sections = {word.split("=")[0]: option(word) for word in chosen}
        config = deepcopy(replace(plain, **sections))
        for word in words:
            *sections, name = word.split("=")[0].split(".")
            if word not in chosen and sections != ["model", "args"]:
                section = reduce(getattr, sections, config)
                assert hasattr(section, name), word
                setattr(section, name, parser.parse_override(word).value())
        check_settings(config)

    return accept


@pytest.fixture
def no_tables(monkeypatch):
    """Tables that are neither read nor written."""
    import diagnosis_case

    def write(table, transform, folder, data):
        split = any(change.function is parts for change in transform)
        return folder / f"{table.name}.csv", ["target", *(["split"] if split else [])]

    monkeypatch.setattr(diagnosis_case, "write", write)


class TestCases:
    def test_every_command_line_is_accepted(self, accepts, no_tables):
        for case in EVERYTHING:
            try:
                accepts(commands(case, Path("tables"), Path("data")))
            except Exception as error:
                pytest.fail(f"{case.id}: {error}")

    def test_a_wrong_key_is_not_accepted(self, accepts, no_tables):
        case = replace(CASES[0], overrides=("model.depth=3",))
        with pytest.raises(Exception, match="depth"):
            accepts(commands(case, Path("tables"), Path("data")))

    def test_ids_are_unique_and_causes_known(self):
        ids = [case.id for case in EVERYTHING]
        assert len(set(ids)) == len(ids)
        for case in EVERYTHING:
            named = {cause for group in (case.causes, *case.pair) for cause in group}
            assert named <= set(CAUSES), case.id
            assert case.table in TABLES
            assert case.score in SCORES
            assert case.kind in KINDS

    def test_unseen_cases_are_sound(self, accepts, no_tables):
        cases = [*UNSEEN, *twins(UNSEEN, [case for case in UNSEEN if case.control])]
        assert len({case.id for case in cases}) == len(cases)
        for case in cases:
            named = {cause for group in (case.causes, *case.pair) for cause in group}
            assert named <= set(CAUSES), case.id
            assert case.control or case.work != case.twin().work, case.id
            try:
                accepts(commands(case, Path("tables"), Path("data")))
            except Exception as error:
                pytest.fail(f"{case.id}: {error}")

    def test_the_catalogue_is_covered(self):
        found = {case.fault.rstrip("abcd") for case in CASES}
        wanted = {f"F{number:02d}" for number in range(1, 61)}
        assert wanted <= found | set(ELSEWHERE)
        assert sum(bool(case.pair) for case in CASES) >= 10
        healthy = {case.fault for case in CONTROLS}
        assert {f"H{number:02d}" for number in range(1, 31)} <= healthy | set(ELSEWHERE)

    def test_a_mistake_differs_from_its_twin(self):
        for case in CASES:
            assert case.work != case.twin().work, case.id

    def test_a_fault_has_several_tables(self):
        tables = {}
        for case in CASES:
            tables.setdefault(case.fault, set()).add(case.table)
        lonely = {fault for fault, found in tables.items() if len(found) < 2 and fault[0] == "F"}
        assert lonely <= {"F25", "F47"}

    def test_cases_of_tables_that_are_not_there_are_left_out(self, tmp_path):
        left = {case.table for case in available(EVERYTHING, tmp_path)}
        assert "digits" in left
        assert "letter" not in left


def test_merged_replaces_values_and_drops_those_of_another_option():
    words = merged(["optimizer.lr=1", "seed=1", "optimizer=sgd", "optimizer.lr=2", "seed=2"])
    assert sorted(words) == ["optimizer.lr=2", "optimizer=sgd", "seed=2"]
    assert merged(["optimizer=sgd", "optimizer.momentum=0", "optimizer=adam"]) == ["optimizer=adam"]


class TestSteps:
    def test_a_step_draws_the_same_again(self):
        frame = people(Path(), rows=200)
        change = step(parts, test=0.3)
        assert change(frame).equals(change(frame))
        assert "split" not in frame

    def test_unseen_tables_are_changed_and_keep_their_label(self):
        frames = {name: TABLES[name].read(Path()) for name in {case.table for case in UNSEEN}}
        for case in UNSEEN:
            frame = frames[case.table]
            for change in case.transform:
                changed = change(frame)
                assert len(changed) > 300, case.id
                assert changed["target"].notna().all(), case.id
                assert not changed.equals(frame), case.id
                frame = changed

    def test_parts_hold_every_class_evenly(self):
        frame = step(parts)(people(Path(), rows=1000))
        shares = pd.crosstab(frame["split"], frame["target"], normalize="columns")
        assert shares.loc["test"].to_numpy() == pytest.approx(0.25, abs=0.02)
        assert shares.loc["valid"].to_numpy() == pytest.approx(0.2, abs=0.02)

    def test_honest_rows_are_kept_out_of_the_file(self, tmp_path):
        from diagnosis_case import write

        change = (step(split_speakers, column="city", honest=2),)
        path, columns = write(TABLES["people"], change, tmp_path, tmp_path)
        honest = pd.read_csv(path.with_suffix(".honest.csv"))
        assert "split" not in columns
        assert set(honest["city"]) == {"city4", "city5"}
        assert not set(honest["city"]) & set(pd.read_csv(path)["city"])


class TestHarm:
    def test_a_loss_that_every_seed_shows(self):
        found = harm(Scores((0.9, 0.92, 0.91)), Scores((0.8, 0.81, 0.82)))
        assert found.hurts
        assert found.effect == pytest.approx(0.1)

    @pytest.mark.parametrize(
        "faulty", [(0.9, 0.9, 0.9), (0.895, 0.896, 0.894), (0.5, 1.0, 0.9), (0.95, 0.96, 0.97)]
    )
    def test_equal_small_noisy_and_better(self, faulty):
        assert not harm(Scores((0.9, 0.9, 0.9)), Scores(faulty)).hurts

    def test_what_few_seeds_leave_open_is_asked_again(self):
        clean = tuple(0.9 + 0.01 * n for n in range(5))
        faulty = (0.9, 0.85, 0.9, 0.92, 0.85)
        found = harm(Scores(clean), Scores(faulty))
        assert found.is_open
        assert not found.hurts
        again = harm(Scores(clean * 3), Scores(faulty * 3), looks=2)
        assert again.hurts
        differences = np.array(clean * 3) - np.array(faulty * 3)
        assert again.p == pytest.approx(2 * paired_p(differences))
        assert not harm(Scores(clean), Scores(clean)).is_open

    def test_a_loss_that_may_be_too_small_to_count_is_asked_again(self):
        clean, faulty = (0.92, 0.91, 0.93, 0.92, 0.92), (0.9, 0.91, 0.9, 0.91, 0.89)
        found = harm(Scores(clean), Scores(faulty))
        # the t interval of 5 differences: 2.776 deviations / sqrt(5)
        assert found.margin == pytest.approx(
            2.776 * np.std([2, 0, 3, 1, 3], ddof=1) / 5**0.5 / 100, rel=1e-3
        )
        assert found.hurts
        assert found.is_open
        assert not harm(Scores((0.9, 0.91, 0.92)), Scores((0.8, 0.81, 0.83))).is_open

    def test_no_score_no_harm(self):
        assert not harm(Scores((0.9,)), Scores((), (), "failed")).hurts

    def test_p_is_that_of_the_t_test(self):
        # t = mean / (deviation / sqrt(n)) = 2 / (1 / sqrt(3)) on 2 degrees of freedom
        assert paired_p(np.array([1.0, 2.0, 3.0])) == pytest.approx(0.037, abs=5e-4)

    def test_a_case_is_trained_and_scored(self, tmp_path):
        (case,) = [case for case in CASES if case.id == "F15.wine"]
        settings = (tmp_path / "tables", tmp_path, tmp_path / "runs", 2, ["trainer.epochs=3"])
        faulty, clean = score(case, *settings), score(case.twin(), *settings)
        assert len(faulty.values) == len(clean.values) == 2
        assert max(faulty.values) < min(clean.values)
        assert not (tmp_path / "runs").exists()


def healthy(**changes):
    """A run that learns well, as the rules see it."""
    epochs = 20
    rng = np.random.default_rng(0)
    loss = 0.7 * 0.8 ** np.arange(epochs)
    x = rng.uniform(0, 1, (300, 5))
    x[0], x[1] = 0, 1
    layers = [
        (rng.normal(0, np.sqrt(2 / 5), (5, 40)), np.zeros(40)),
        (rng.normal(0, np.sqrt(2 / 42), (40, 2)), np.zeros(2)),
    ]
    steady = [np.full(epochs, 0.1), np.full(epochs, 0.1)]
    run = Recorded(
        loss=loss,
        val_loss=loss * 1.05,
        accuracy=0.6 + 0.3 * (1 - 0.8 ** np.arange(epochs)),
        val_accuracy=0.6 + 0.28 * (1 - 0.8 ** np.arange(epochs)),
        penalty=np.zeros(epochs),
        gradients=steady,
        updates=[np.full(epochs, 1e-3)] * 2,
        x=x,
        labels=rng.integers(0, 2, 300),
        initial=layers,
        weights=layers,
        confusion=np.array([[95, 5], [5, 95]]),
    )
    return replace(run, **changes)


def names(tool, run):
    return [rule.name for rule in tool.symptoms(run)]


class TestTools:
    def test_nothing_is_said_of_a_run_that_suits_them(self):
        # TheDeepChecker's range of activations suits few networks, its authors' own included
        for tool in TOOLS:
            assert set(names(tool, healthy())) <= {"activation range"}, tool.name

    @pytest.mark.parametrize(
        ("tool", "name", "changes"),
        [
            (UMLAUT, "inputs not normalised", {"x": np.full((10, 5), 3.0)}),
            (UMLAUT, "learning rate high", {"lr": 0.1}),
            (UMLAUT, "missing softmax", {"loss_name": "nll"}),
            (UMLAUT, "overfitting", {"val_loss": np.linspace(0.5, 0.9, 20)}),
            (UMLAUT, "dropout above 0.5", {"dropout": 0.6}),
            (DEEP_DIAGNOSIS, "inputs out of range", {"x": np.full((10, 5), 3.0)}),
            (DEEP_DIAGNOSIS, "vanishing gradient", {"gradients": [np.full(20, 1e-9)] * 2}),
            (DEEP_DIAGNOSIS, "loss stands still: optimizer", {"loss": np.full(20, 0.7)}),
            (DEEP_DIAGNOSIS, "output range", {"targets": (1.0, 2.0), "output": "sigmoid"}),
            (AUTO_TRAINER, "abnormal loss", {"loss": np.linspace(0, -1, 20)}),
            (AUTO_TRAINER, "NaN loss", {"loss": np.array([0.7, np.nan])}),
            (AUTO_TRAINER, "oscillating loss", {"accuracy": np.tile([0.6, 0.9], 10)}),
            (AUTO_TRAINER, "slow convergence", {
                "accuracy": np.full(20, 0.7), "val_accuracy": np.full(20, 0.7)
            }),
            (SAGEMAKER, "overfitting", {"val_loss": np.full(20, 0.7)}),
            (SAGEMAKER, "loss does not decrease", {"loss": np.full(20, 0.7)}),
            (SAGEMAKER, "unchanged tensor", {"updates": [np.zeros(20)] * 2}),
            (SAGEMAKER, "class imbalance", {
                "labels": np.repeat([0, 1], [960, 40]), "confusion": np.array([[96, 0], [4, 0]])
            }),
            (DEEP_CHECKER, "loss is summed", {"reduction": "sum"}),
            (DEEP_CHECKER, "features not scaled", {"x": np.arange(50.0).reshape(10, 5)}),
            (DEEP_CHECKER, "first loss", {"loss": 5 * 0.8 ** np.arange(20)}),
            (DEEP_CHECKER, "update ratio high", {"updates": [np.full(20, 0.5)] * 2}),
            (DEEP_CHECKER, "loss does not represent the accuracy", {"accuracy": np.full(20, 0.5)}),
            (DEEP_CHECKER, "symmetric weights", {
                "initial": [(np.ones((5, 40)), np.zeros(40)), (np.ones((40, 2)), np.zeros(2))]
            }),
        ],
    )  # fmt: skip
    def test_a_symptom_is_seen(self, tool, name, changes):
        assert name not in names(tool, healthy())
        assert name in names(tool, healthy(**changes))

    @pytest.mark.parametrize("tool", [AUTO_TRAINER, DEEP_CHECKER, SAGEMAKER])
    def test_dead_units_are_seen(self, tool):
        one, two = healthy().weights
        run = healthy(
            weights=[(one[0], np.full(40, -50.0)), two],
            accuracy=np.full(20, 0.5),
            val_accuracy=np.full(20, 0.5),
        )
        assert any("dead_units" in rule.causes for rule in tool.symptoms(run))

    def test_causes_are_known(self):
        for tool in TOOLS:
            for rule in tool.rules:
                assert set(rule.causes) <= set(CAUSES), rule.name

    def test_a_recorded_run_is_read(self, tmp_path):
        import torch

        (case,) = [case for case in CONTROLS if case.id == "H01.wine"]
        run = read(train(case, tmp_path, tmp_path, tmp_path / "runs", ["trainer.epochs=3"]))
        assert len(run.loss) == len(run.gradients[0]) == len(run.updates[1]) == 3
        assert run.x.shape == (106, 13)
        assert [weight.shape for weight, _ in run.weights] == [(13, 32), (32, 3)]
        assert int(run.confusion.sum()) == 36
        # the layers are the run's own: what they compute is what nnexp predicts
        logits = torch.from_numpy(run.ends)
        assert float((logits.argmax(1).numpy() == run.labels).mean()) > 0.3
        assert run.ends.shape == (106, 3)

    @pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid", "silu", "selu"])
    def test_activations_are_those_of_torch(self, name):
        import torch

        value = np.linspace(-4, 4, 50)
        expected = getattr(torch.nn.functional, name)(torch.from_numpy(value)).numpy()
        assert activate(name, value) == pytest.approx(expected, abs=2e-4)


class TestReport:
    def judged(self, case, *said, hurts=True):
        cost = Harm(0.9, 0.5, 0.001) if hurts else Harm(0.9, 0.9, 1.0)
        return Judged(case, {"nnexp": list(said)}, cost if case.causes else None)

    def test_figures(self):
        single = next(case for case in CASES if not case.pair)
        true, wrong = Said("a", single.causes), Said("b", ("overfit",))
        rows = report.figures(
            [
                self.judged(single, true, wrong),
                self.judged(single, wrong, true),
                self.judged(single),
                self.judged(single, true, hurts=False),
                self.judged(CONTROLS[0]),
                self.judged(CONTROLS[1], replace(wrong, verdict="harmless")),
            ],
            ["nnexp"],
        )
        (row,) = rows
        assert row["detected"] == pytest.approx(2 / 3)
        assert row["first"] == pytest.approx(1 / 3)
        assert row["first_three"] == pytest.approx(2 / 3)
        assert row["control_alarms"] == pytest.approx(1 / 3)

    def test_a_system_that_has_not_looked_is_not_counted(self):
        case = next(case for case in CASES if not case.pair)
        other = replace(self.judged(case, Said("a", case.causes)), said={})
        (row,) = report.figures([self.judged(case, Said("a", case.causes)), other], ["nnexp"])
        assert row["detected"] == 1
        assert row["detected_n"] == 1

    def test_f1_of_a_pair(self):
        pair = next(case for case in CASES if case.pair)
        one, two = (Said("x", ids[:1]) for ids in pair.pair)
        assert self.judged(pair, one, two).f1("nnexp") == 1.0
        assert self.judged(pair, one).f1("nnexp") == pytest.approx(2 / 3)
        assert self.judged(pair, one, one).f1("nnexp") == pytest.approx(1 / 2)
        assert self.judged(pair).f1("nnexp") == 0.0

    def test_it_prints(self, capsys):
        case = next(case for case in CASES if not case.pair)
        judged = [self.judged(case, Said(case.causes[0], case.causes)), self.judged(CONTROLS[0])]
        report.show(judged, ["nnexp"])
        report.show_controls(judged, ["nnexp"])
        report.show_own(judged, proved=True)
        report.show_tables(judged, "nnexp")
        report.show_causes(judged, "nnexp")
        report.show_cases(judged, ["nnexp"])
        out = capsys.readouterr().out
        assert "100 %" in out
        assert case.id in out
