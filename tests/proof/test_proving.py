"""Proofs: one change and no other, paired; judged honestly."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_1samp

import nnexp
from nnexp.config.changes import changed
from nnexp.config.compose import compose
from nnexp.diagnosis.finding import Evidence, Finding, Proof, Sign
from nnexp.diagnosis.proven import in_order_of_proof
from nnexp.diagnosis.report import Diagnosis, cure, unmended
from nnexp.errors import UserError
from nnexp.proof import proving
from nnexp.proof.arms import Arm, train_arms
from nnexp.proof.contrast import chance_gain, contrast_arms, worth
from nnexp.proof.judging import judge, smallest, without_followers
from nnexp.proof.proving import prove

WORDS = ["data=wine", "trainer.epochs=15", "trainer.progress=none", "trainer.tensorboard=false"]


def finding(cause, *fix, verdict="suspected"):
    return Finding(cause, verdict, cause, (Evidence("x", 1, "2"),), "so", fix)


def run(tmp_path, *more):
    return nnexp.run([*WORDS, *more], root=tmp_path)


def test_a_change_is_typed_after_what_was_typed():
    words = ["data=wine", "optimizer=sgd", "optimizer.momentum=0.99", "reg.l2=0.1"]
    base = compose(words)
    assert changed(base, words, ["optimizer.momentum=0.9"]).optimizer.momentum == 0.9
    # what only the option before had goes with it
    other = changed(base, words, ["optimizer=adam"])
    assert other.optimizer.name == "adam"
    assert other.reg.l2 == 0.1
    assert other.data == base.data


def test_a_change_of_a_configuration_that_was_not_typed():
    base = replace(compose(["data=wine", "optimizer=sgd"]), seed=7)
    other = changed(base, ["data=iris"], ["optimizer.lr=0.5", "data.scaling=robust"])
    assert (other.seed, other.optimizer.name, other.optimizer.lr) == (7, "sgd", 0.5)
    assert other.data == replace(base.data, scaling="robust")
    loss = changed(base, ["data=iris"], ["loss=mse", "model.output=softmax"])
    assert (loss.loss.name, loss.model.output) == ("mse", "softmax")
    assert changed(base, ["data=iris"], ["optimizer.lr=fast"]) is None


def test_a_cause_and_a_bystander(tmp_path):
    done = run(tmp_path, "data.scaling=none")
    found = Diagnosis(
        [
            finding("unsuitable_optimizer", "optimizer.eps=1e-8"),
            finding("unscaled_features", "data.scaling=standard"),
        ]
    )
    proven = prove(done.folder, found)
    first, second = proven.diagnosis.findings
    assert (first.cause, first.verdict) == ("unscaled_features", "confirmed")
    assert first.proof.metric == "accuracy/val"
    assert first.proof.gain == pytest.approx(first.proof.after - first.proof.before)
    assert first.proof.recovered == pytest.approx(1.0, abs=0.1)
    # a change that changes nothing
    assert (second.cause, second.verdict) == ("unsuitable_optimizer", "harmless")
    assert second.proof.gain == 0
    assert second.proof.p == 1
    assert list(proven.diagnosis.restores) == ["data.scaling=standard"]
    assert proven.diagnosis.restored == pytest.approx((first.proof.before, first.proof.after))
    assert proven.runs == 2 * 5  # every combination of two changes, one of which changes nothing


def test_the_proof_is_of_the_runs_that_it_describes(tmp_path):
    done = run(tmp_path, "data.scaling=none")
    proven = prove(
        done.folder,
        Diagnosis([finding("unscaled_features", "data.scaling=standard")]),
        seeds=2,
        budget=0.01,  # for a first look only
    )
    (own,) = proven.diagnosis.findings
    scores = {}
    for scaling in ("none", "standard"):
        scores[scaling] = [
            run(tmp_path, f"data.scaling={scaling}", f"seed={n}", f"seeds.valid={n}").metrics
            for n in (1, 2)  # and not those of the run, which was picked for its score
        ]
    means = {k: np.mean([m["val"]["accuracy"] for m in v]) for k, v in scores.items()}
    assert own.proof.before == pytest.approx(means["none"])
    assert own.proof.after == pytest.approx(means["standard"])


def test_the_runs_of_arms_leave_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    config = compose([*WORDS, "trainer.epochs=1"])
    arms = [Arm(config), Arm(replace(config, loss=replace(config.loss, scale=float("nan"))))]
    assert train_arms(arms, [1, 2]) == 4
    assert np.isfinite([*arms[0].accuracies, *arms[0].balanced]).all()
    assert arms[0].rows == 36
    assert not list(tmp_path.iterdir())


def test_what_no_re_run_can_tell_stays_suspected(tmp_path):
    done = run(tmp_path, "data.scaling=none")
    found = finding("unscaled_features", "data.scaling=standard")
    (own,) = prove(done.folder, Diagnosis([replace(found, provable=False)])).diagnosis.findings
    assert (own.verdict, own.proof.gain > 0.1) == ("suspected", True)


def test_little_time_is_spent_on_few_runs(tmp_path):
    done = run(tmp_path)
    fixes = [finding("lr_too_low", f"optimizer.lr=0.00{n}") for n in (2, 3, 4)]
    proven = prove(done.folder, Diagnosis(fixes), seeds=5, budget=1e-6)
    assert proven.runs == 2 * 2


def test_a_leak_is_shown_by_what_goes_with_it(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    lines = [f"{rng.normal()},{label + rng.normal() * 0.05},{label}" for label in y]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")
    done = nnexp.run(
        [*WORDS[1:], "data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y"], root=tmp_path
    )
    found = Diagnosis([finding("target_leak", "data.drop=[b]")])
    proven = prove(done.folder, found, seeds=3)
    (own,) = proven.diagnosis.findings
    assert own.verdict == "confirmed"
    assert own.proof.metric == "overstatement of accuracy/val"
    assert own.proof.gain == pytest.approx(own.proof.before - own.proof.after)
    assert own.proof.gain > 0.3


def test_one_pair_proves_nothing(tmp_path):
    with pytest.raises(UserError, match="--seeds 1"):
        prove(tmp_path, Diagnosis([finding("lr_too_low", "optimizer.lr=1")]), seeds=1)


def test_without_a_fix_there_is_nothing_to_run(tmp_path):
    done = run(tmp_path, "trainer.epochs=1")
    proven = prove(done.folder, Diagnosis([finding("label_noise")]))
    assert proven.runs == 0
    assert proven.diagnosis.findings[0].verdict == "suspected"


def test_diagnosis_json_holds_the_proof(tmp_path):
    done = run(tmp_path, "data.scaling=none")
    verdict = nnexp.diagnose(done.folder, prove=True, seeds=3)
    content = json.loads((done.folder / "diagnosis.json").read_text())
    assert [own["cause"] for own in content["findings"]] == [o.cause for o in verdict.findings]
    assert content["findings"][0]["proof"]["seeds"] == 3
    assert (done.folder / "report.html").is_file()


def arm(mean, changed=(), spread=0.004, seeds=5):
    shift = spread * np.linspace(-1, 1, seeds)
    values = [float(mean + own) for own in np.roll(shift, len(changed))]
    return Arm(compose(["data=wine"]), changed, None, values, values, rows=500)


def judged(*arms, causes):
    found = Diagnosis([finding(cause, "seed=1") for cause in causes])
    findings = judge(found, list(arms), 5, 1.0)
    places = [place for place, (own, _) in enumerate(findings) if own.verdict == "confirmed"]
    chosen = smallest(found, arms, 5, places)
    return [own.verdict for own, _ in without_followers(found, findings, arms, 5, chosen)]


def test_more_pairs_where_a_few_leave_it_open(tmp_path, monkeypatch):
    done = run(tmp_path)
    trained, now, took = [], [0.0], 0.0
    monkeypatch.setattr(proving, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def train(arms, seeds, splits, tables):
        assert len(seeds) == len(splits)
        now[0] += len(arms) * len(seeds) * took
        for own in arms:
            trained.append((own.changed, len(seeds)))
            gain = 0.0 if not own.changed else 0.02
            values = [0.8 + gain + (0.02 if own.changed else -0.02) * -((-1) ** n) for n in seeds]
            own.accuracies += values
            own.balanced += values
            own.rows = 500
        return len(arms) * len(seeds)

    monkeypatch.setattr(proving, "train_arms", train)
    found = Diagnosis([finding("lr_too_low", "optimizer.lr=0.01")])
    (own,) = prove(done.folder, found).diagnosis.findings
    assert trained == [((), 5), ((0,), 5), ((), 10), ((0,), 10)]
    assert (own.proof.seeds, own.verdict) == (15, "suspected")
    gains = [0.02 - 0.04 * (-1) ** n for n in range(1, 16)]
    assert own.proof.p == pytest.approx(2 * ttest_1samp(gains, 0).pvalue, rel=0.05)
    # no more than was allowed
    trained.clear()
    took = proving.member_seconds(done.folder)
    prove(done.folder, found, budget=10 * took)
    assert [pairs for _, pairs in trained] == [5, 5]
    # by what the first took, where the run itself would have allowed fewer
    trained.clear()
    budget, took = 4 * took, took / 10
    (own,) = prove(done.folder, found, budget=budget).diagnosis.findings
    assert [pairs for _, pairs in trained] == [2, 2, 3, 3, 10, 10]
    assert own.proof.seeds == 15
    trained.clear()
    prove(done.folder, found, budget=0.22 * budget)
    assert [pairs for _, pairs in trained] == [2, 2, 2, 2]


def test_all_sets_of_changes_are_tried_where_there_is_time_after_all(tmp_path, monkeypatch):
    done, trained, now = run(tmp_path), [], [0.0]
    monkeypatch.setattr(proving, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def train(arms, seeds, splits, tables):
        for own in arms:
            trained.append((own.changed, list(seeds)))
            own.accuracies += [0.8] * len(seeds)
            own.balanced += [0.8] * len(seeds)
        return 0

    monkeypatch.setattr(proving, "train_arms", train)
    two = [finding("lr_too_low", "optimizer.lr=0.01"), finding("overfit", "reg.l2=0.1")]
    prove(done.folder, Diagnosis(two), budget=1e-6)
    seeds = {}
    for changes, own in trained:
        seeds.setdefault(changes, []).extend(own)
    assert seeds == {changes: [1, 2, 3, 4, 5] for changes in ((), (0,), (1,), (0, 1))}


def test_a_new_proof_stands_for_itself(tmp_path):
    done = run(tmp_path, "data.scaling=none")
    assert nnexp.diagnose(done.folder, prove=True).findings[0].verdict == "confirmed"
    path = done.folder / "diagnosis.json"
    content = json.loads(path.read_text())
    causes = [own["cause"] for own in content["findings"]]
    for own in content["findings"]:  # as if all had been certain once
        own["verdict"] = "confirmed"
    content["findings"].append({**content["findings"][0], "cause": "class_imbalance"})
    path.write_text(json.dumps(content))
    proven = nnexp.diagnose(done.folder, prove=True, seeds=2)
    assert [own.cause for own in proven.findings] == causes
    for own in proven.findings:
        assert own.verdict != "confirmed" or own.proof.p < 0.05
        assert own.proof is None or own.proof.seeds == 2


def test_signs_without_harm_are_tried_where_nothing_is_told(tmp_path, monkeypatch):
    done = run(tmp_path, "optimizer=sgd")
    left_out = [
        finding("unsuitable_optimizer", "optimizer.momentum=0.9", verdict="harmless"),
        finding("undertrained", "trainer.epochs=40", verdict="harmless"),
    ]
    signs = [Sign(own, odd=False) for own in left_out]
    brought = [0.05]

    def train(arms, seeds, splits, tables):
        for own in arms:
            gain = brought[0] if 0 in own.changed else 0.0
            values = [0.9 + gain + 0.001 * (n % 2 == 0) for n in seeds]
            own.accuracies += values
            own.balanced += values
            own.rows = 5000
        return len(arms) * len(seeds)

    monkeypatch.setattr(proving, "train_arms", train)
    proven = prove(done.folder, Diagnosis([], ["a"], considered=signs))
    (own,) = proven.diagnosis.findings
    assert (own.cause, own.verdict) == ("unsuitable_optimizer", "confirmed")
    assert list(proven.diagnosis.restores) == ["optimizer.momentum=0.9"]
    assert proven.diagnosis.checked == [
        "a",
        "trainer.epochs=40 makes little difference: accuracy/val 0.900 -> 0.900 "
        "(95 % interval of the gain +0.000 to +0.000)",
    ]
    assert list(proven.tried) == proven.diagnosis.checked[1:]
    # what brings less than makes a run suspicious is not worth an alarm
    brought[0] = 0.015
    small = prove(done.folder, Diagnosis([], considered=signs))
    assert (small.diagnosis.findings, list(small.diagnosis.restores)) == ([], [])
    # two signs of one fix are one line
    brought[0] = 0.0
    twice = [*signs, replace(signs[1], finding=replace(left_out[1], cause="lr_too_low"))]
    assert len(prove(done.folder, Diagnosis([], considered=twice)).tried) == 2
    # but for what is odd by itself
    brought[0] = 0.015
    odd = [Sign(left_out[0], odd=True), signs[1]]
    plain = prove(done.folder, Diagnosis([], considered=odd))
    assert [own.cause for own in plain.diagnosis.findings] == ["unsuitable_optimizer"]
    # beside an alarm they are left alone
    alarmed = Diagnosis([finding("label_noise")], considered=signs)
    assert prove(done.folder, alarmed).runs == 0


def scoring(score):
    """What stands for `train_arms`: `score(changed, draws)` gives an arm's accuracies, of numbers
    (pairs,) that are spread over [-1, 1].
    """

    def train(arms, seeds, splits, tables):
        draws = np.random.default_rng(len(seeds)).permutation(np.linspace(-1, 1, len(seeds)))
        for own in arms:
            values = np.broadcast_to(score(own.changed, draws), draws.shape).tolist()
            own.accuracies += values
            own.balanced += values
            own.rows = 5000
            own.ratio = 0.1
        return len(arms) * len(seeds)

    return train


@pytest.mark.parametrize(
    ("gain", "spread", "odd", "told"),
    [
        (0.02, 0.045, True, ["suspected"]),  # 0.002 to 0.038, p doubled 0.06
        (0.02, 0.045, False, []),
        (0.02, 0.07, True, []),
        (0.008, 0.001, True, []),  # not worth making
        (0.0, 0.045, True, []),
    ],
)
def test_what_is_odd_and_seems_to_be_mended_is_suspected(
    tmp_path, monkeypatch, gain, spread, odd, told
):
    done = run(tmp_path)
    sign = Sign(finding("lr_too_high", "optimizer.lr=1e-4", verdict="harmless"), odd)

    def score(changed, draws):
        return 0.9 + (gain + spread * draws if changed else 0.0)

    monkeypatch.setattr(proving, "train_arms", scoring(score))
    proven = prove(done.folder, Diagnosis([], considered=[sign]))
    assert [own.verdict for own in proven.diagnosis.findings] == told
    assert len(proven.tried) == (not told)
    assert not proven.diagnosis.restores


@pytest.mark.parametrize(
    ("gain", "spread", "other", "pairs"),
    [
        (0.02, 0.1, 0.0, 15),  # -0.08 to 0.12 of five
        (0.02, 0.1, 0.3, 5),  # another change helps for certain
        (0.02, 0.02, 0.0, 15),  # p 0.07 of five
        (0.012, 0.03, 0.0, 5),  # to 0.04, p 0.4: little at most
        (0.0, 0.1, 0.0, 5),  # none on these
    ],
)
def test_of_what_few_pairs_tell_nothing_there_are_more(
    tmp_path, monkeypatch, gain, spread, other, pairs
):
    done = run(tmp_path)
    found = [
        finding("lr_too_high", "optimizer.lr=1e-4"),
        finding("undertrained", "trainer.epochs=30"),
    ]

    def score(changed, draws):
        return 0.5 + other * (1 in changed) + (gain + spread * draws) * (0 in changed)

    monkeypatch.setattr(proving, "train_arms", scoring(score))
    proven = prove(done.folder, Diagnosis(found))
    (own,) = (own for own in proven.diagnosis.findings if own.cause == "lr_too_high")
    assert own.proof.seeds == pairs


def test_beside_what_is_certain_nothing_is_told_that_only_seems_to_help(tmp_path, monkeypatch):
    done = run(tmp_path, "optimizer=sgd")
    signs = [
        Sign(finding("lr_too_low", "optimizer.lr=0.3", verdict="harmless"), True),
        Sign(finding("undertrained", "trainer.epochs=30", verdict="harmless"), True),
    ]

    def score(changed, draws):
        longer = 0.02 + 0.045 * draws if 1 in changed and 0 not in changed else 0.0
        return 0.7 + 0.2 * (0 in changed) + longer

    monkeypatch.setattr(proving, "train_arms", scoring(score))
    proven = prove(done.folder, Diagnosis([], considered=signs))
    assert [own.cause for own in proven.diagnosis.findings] == ["lr_too_low"]
    assert len(proven.tried) == 1


@pytest.mark.parametrize(
    ("high", "words"),
    [(0.01, "makes little difference"), (0.06, "shows no gain that is certain")],
)
def test_what_was_tried_is_said_no_surer_than_it_is(high, words):
    proof = Proof("accuracy/val", 0.8, 0.803, 0.003, (-0.004, high), 0.2, 5, 1.0)
    tried = replace(finding("dead_units", "model.activation=tanh"), proof=proof)
    line = proving.tried_line(tried, beside=False)
    assert line.startswith(f"model.activation=tanh {words}: accuracy/val 0.800 -> 0.803 (95 %")
    # nor less sure
    surely = replace(tried, proof=replace(proof, ci95=(0.002, 0.06), p=0.01))
    assert "brings less than 0.02" in proving.tried_line(surely, beside=False)
    confirmed = replace(surely, verdict="confirmed")
    assert "brings less than 0.02" in proving.tried_line(confirmed, beside=False)


@pytest.mark.parametrize(
    ("p", "beside", "words"),
    [
        (0.01, True, "brings little beside what restores the score; alone"),
        (0.01, False, "shows no gain that is certain"),
        (0.067, True, "may gain by chance, p 0.07 for all that was looked at"),
    ],
)
def test_a_gain_that_is_not_told_has_a_reason(p, beside, words):
    proof = Proof("accuracy/val", 0.8, 0.83, 0.03, (0.002, 0.06), p, 15, 1.0)
    own = replace(finding("dead_units", "model.activation=tanh"), proof=proof)
    assert f"{words}: accuracy/val" in proving.tried_line(own, beside=beside)


def test_what_follows_from_a_confirmed_cause_is_not_confirmed_beside_it():
    causes = ("lr_too_low", "undertrained")
    follows = (arm(0.5), arm(0.9, (0,)), arm(0.6, (1,)), arm(0.9, (0, 1)))
    assert judged(*follows, causes=causes) == ["confirmed", "suspected"]
    # two faults of unlike size: the smaller one counts once the larger is mended, too
    both = (arm(0.5), arm(0.7, (0,)), arm(0.58, (1,)), arm(0.78, (0, 1)))
    assert judged(*both, causes=causes) == ["confirmed", "confirmed"]


def test_weights_bring_some_balanced_accuracy_to_any_uneven_table():
    causes = ("undertrained", "class_imbalance")
    more = (arm(0.5), arm(0.7, (0,)), arm(0.6, (1,)), arm(0.72, (0, 1)))
    assert judged(*more, causes=causes) == ["confirmed", "suspected"]
    assert judged(*more, causes=("undertrained", "lr_too_low"))[1] == "confirmed"
    much = (arm(0.5), arm(0.7, (0,)), arm(0.6, (1,)), arm(0.78, (0, 1)))
    assert judged(*much, causes=causes) == ["confirmed", "confirmed"]
    assert worth("class_imbalance") > worth("lr_too_low")


def test_no_gain_is_no_harm_where_it_is_certain():
    assert judged(arm(0.9), arm(0.901, (0,)), causes=("dead_units",)) == ["harmless"]
    assert judged(arm(0.9), arm(0.8, (0,), 0.01), causes=("dead_units",)) == ["harmless"]
    # a loss in the mean that may be a gain acquits nothing
    assert judged(arm(0.9), arm(0.89, (0,), 0.3), causes=("dead_units",)) == ["suspected"]
    noisy = arm(0.9, (), 0.0), arm(0.902, (0,), 0.3)
    assert judged(*noisy, causes=("dead_units",)) == ["suspected"]


def test_a_split_is_not_acquitted_by_the_rows_that_it_chose():
    found = Diagnosis([finding("ordered_split", "data.split.shuffle=true")])
    arms = [arm(0.97), arm(0.9, (0,))]
    assert [own.verdict for own, _ in judge(found, arms, 5, 1.0)] == ["suspected"]


def test_label_noise_is_not_acquitted_by_what_cannot_mend_it():
    assert judged(arm(0.6), arm(0.6, (0,)), causes=("label_noise",)) == ["suspected"]


def test_rows_that_all_pairs_share_are_no_proof():
    """Three of 60 rows told better by each of five seeds: seeds agree, the rows are few."""
    steady = arm(0.8, (), 0.001), arm(0.85, (0,), 0.001)
    for own in steady:
        own.rows = 60
        own.judges = dict.fromkeys(range(60), 0)
    assert judged(*steady, causes=("dead_units",)) == ["suspected"]
    for own in steady:
        own.judges = dict.fromkeys(range(600), 0)
    assert judged(*steady, causes=("dead_units",)) == ["confirmed"]


def test_splits_of_one_table_share_rows():
    """The correction of Nadeau & Bengio (2003), for as much of the spread as rows can make."""
    found = finding("dead_units")
    arms = [arm(0.85, (), 0.03), arm(0.93, (0,), 0.03)]
    gains = np.subtract(arms[1].accuracies, arms[0].accuracies)
    same = contrast_arms(found, arms[0], arms[1], arms, 5, 0.0)
    assert same.p == pytest.approx(ttest_1samp(gains, 0).pvalue)
    errors = 2 - np.mean(arms[0].accuracies) - np.mean(arms[1].accuracies)
    for rows, share in ((40, 1.0), (500, errors / 500 / gains.var(ddof=1))):
        for own in arms:
            own.ratio, own.rows = 1 / 3, rows
        corrected = contrast_arms(found, arms[0], arms[1], arms, 5, 0.0)
        t = gains.mean() / np.sqrt(gains.var(ddof=1) * (1 / 5 + share / 3))
        assert corrected.p == pytest.approx(2 * student.sf(t, 4))
        half = student.ppf(0.975, 4) * gains.mean() / t
        assert corrected.ci95 == pytest.approx((gains.mean() - half, gains.mean() + half))
        assert corrected.p > same.p


def test_pairs_know_how_far_their_splits_overlap(tmp_path):
    config = compose([*WORDS, "trainer.epochs=1"])
    own = Arm(config)
    train_arms([own], [1, 2], [1, 2])
    assert own.ratio == pytest.approx(own.rows / (142 - own.rows))
    shared = Arm(config)
    train_arms([shared], [1, 2], [0, 0])
    assert shared.ratio == 0


def test_intervals_cover_the_truth_where_splits_overlap():
    """Two rules that err on other rows of a table, as often: a nearest mean of one column each."""
    rng, config = np.random.default_rng(0), compose(["data=wine"])
    covered = {0.0: [], 1 / 3: []}
    for _ in range(150):
        x = rng.normal(size=(160, 2))
        y = x.sum(1) + rng.normal(size=160) > 0
        arms = [Arm(config, rows=40), Arm(config, (0,), rows=40)]
        for _ in range(5):
            rows = rng.permutation(160)
            valid, train = rows[:40], rows[40:]
            for column, own in enumerate(arms):
                middle = (
                    x[train][y[train], column].mean() + x[train][~y[train], column].mean()
                ) / 2
                own.accuracies.append(float(((x[valid, column] > middle) == y[valid]).mean()))
        for ratio, told in covered.items():
            for own in arms:
                own.ratio = ratio
            low, high = contrast_arms(finding("dead_units"), *arms, arms, 5, 0.0).ci95
            told.append(low <= 0 <= high)
    assert np.mean(covered[0.0]) < 0.9
    assert np.mean(covered[1 / 3]) == pytest.approx(0.95, abs=0.04)


def test_an_arm_that_never_came_to_a_score_is_passed_over():
    own, nan = finding("dead_units"), float("nan")
    lost = [replace(arm(0.9, (n,)), accuracies=[nan] * 5, balanced=[nan] * 5) for n in (1, 2)]
    arms = [lost[0], arm(0.7), arm(0.9, (0,)), lost[1]]
    proof = contrast_arms(own, arms[1], arms[2], arms, 5, 0.0)
    assert proof.recovered == pytest.approx(1.0)
    assert contrast_arms(own, arms[1], lost[0], arms, 5, 0.0) is None


def test_rows_of_a_rare_class_weigh_more():
    many = Arm(compose(["data=wine"]), judges=dict.fromkeys(range(400), 0))
    few = replace(many, judges={row: int(row < 6) for row in range(400)})
    some = replace(many, judges={row: int(row < 60) for row in range(400)})
    assert (
        chance_gain(0.06, "class_imbalance", many)
        < 0.06
        < chance_gain(0.06, "class_imbalance", few)
    )
    assert chance_gain(0.06, "dead_units", some) < 0.06 < chance_gain(0.06, "dead_units", few)


def test_equal_gains_of_a_rare_row_are_no_certainty():
    """One of four rows in 200 that validate, told better in each of five pairs."""
    arms = [arm(0.97), arm(0.97, (0,))]
    for own, balanced in zip(arms, (0.75, 0.875), strict=True):
        own.balanced, own.rows = [balanced] * 5, 200
        own.judges = {row: int(row < 16) for row in range(800)}
    proof = contrast_arms(finding("class_imbalance"), *arms, arms, 5, 0.0)
    t = np.sqrt(6 * 5)  # a step over the spread of rounding to it
    assert proof.p == pytest.approx(2 * student.sf(t, 4))


def test_a_second_chance_counts():
    """Alone a change brings nothing certain; beside another its p is 0.04, or 0.01."""
    for p, verdict in ((0.04, "suspected"), (0.01, "confirmed")):
        shape = np.array([-2, -1, 0, 1, 2.0])
        spread = 0.06 / (student.isf(p / 2, 4) * np.std(shape, ddof=1) / np.sqrt(5))
        arms = [arm(0.5, (), 0.0), arm(0.53, (0,), 0.2), arm(0.7, (1,), 0.0), arm(0.76, (0, 1))]
        arms[3].accuracies = arms[3].balanced = list(0.76 + spread * shape)
        for own in arms:
            own.rows = 50_000
        found = Diagnosis([finding("dead_units", "a=1"), finding("lr_too_low", "b=1")])
        (own, _), _ = judge(found, arms, 5, 1.0)
        assert own.verdict == verdict
        if verdict == "confirmed":
            assert own.proof.metric.endswith("the other changes made")
            assert own.proof.p == pytest.approx(0.02, rel=0.01)


def test_a_run_that_came_to_no_score_leaves_the_rest_to_restore():
    found = Diagnosis([finding("lr_too_high", "a=1"), finding("dead_units", "b=1")])
    arms = [arm(0.5), arm(0.7, (0,)), arm(0.5, (1,)), arm(0.7, (0, 1))]
    arms[0].accuracies = arms[0].balanced = [float("nan"), *arms[0].accuracies[1:]]
    arms[3].accuracies = arms[3].balanced = [float("nan")] * 4 + [0.99]
    assert smallest(found, arms, 5, [0]) == (0,)
    assert smallest(found, arms, 5, [0, 1]) == (0,)


def test_only_confirmed_changes_restore():
    found = Diagnosis([finding(cause, f"reg.l{n}=0.1") for n, cause in ((1, "overfit"),
                       (2, "dead_units"))])  # fmt: skip
    arms = [arm(0.5), arm(0.7, (0,)), arm(0.75, (1,)), arm(0.8, (0, 1))]
    assert smallest(found, arms, 5, [0]) == (0,)
    assert smallest(found, arms, 5, []) == ()
    assert smallest(found, arms, 5, [0, 1]) == (0, 1)
    # either restores it: the one that was named first
    arms = [arm(0.5), arm(0.795, (0,)), arm(0.8, (1,)), arm(0.8, (0, 1))]
    assert smallest(found, arms, 5, [0, 1]) == (0,)


def test_what_restores_is_good_by_each_score_that_convicted():
    found = Diagnosis([finding("class_imbalance", "a=1"), finding("over_regularized", "b=1")])
    arms = [arm(0.7), arm(0.7, (0,)), arm(0.9, (1,)), arm(0.9, (0, 1))]
    for own, balanced in zip(arms, (0.5, 0.9, 0.6, 0.9), strict=True):
        own.balanced = [balanced + 0.001 * n for n in range(5)]
    assert smallest(found, arms, 5, [0, 1]) == (0, 1)


def test_where_one_class_makes_the_accuracy_causes_are_judged_by_balanced_accuracy():
    arms = [arm(0.97), arm(0.972, (0,))]
    for own, balanced in zip(arms, (0.5, 0.8), strict=True):
        own.balanced = [balanced + 0.001 * n for n in range(5)]
        own.judges = {row: int(row < 300) for row in range(5000)}
    assert judged(*arms, causes=("sigmoid_twice",)) == ["confirmed"]
    for own in arms:
        own.judges = {row: int(row < 1000) for row in range(5000)}
    assert judged(*arms, causes=("sigmoid_twice",)) == ["harmless"]


def test_what_restores_the_score_comes_before_what_follows_from_it():
    follower, cause = (0.5, 0.62), (0.5, 0.7)
    found = Diagnosis([finding("underfit_capacity", "a=1"), finding("sentinel_values", "b=1")])
    arms = [arm(0.5), arm(follower[1], (0,)), arm(cause[1], (1,)), arm(0.705, (0, 1))]
    findings = judge(found, arms, 5, 1.0)
    chosen = smallest(found, arms, 5, [0, 1])
    assert chosen == (1,)
    kept = without_followers(found, findings, arms, 5, chosen)
    told = [(own.cause, own.verdict) for own in in_order_of_proof(kept, chosen)]
    assert told == [("sentinel_values", "confirmed"), ("underfit_capacity", "suspected")]
    # but what is known to bring it about stays first: many epochs help against flat gradients, too
    found = Diagnosis([finding("vanishing_gradients", "a=1"), finding("undertrained", "b=1")])
    findings = judge(found, arms, 5, 1.0)
    kept = without_followers(found, findings, arms, 5, chosen)
    told = [(own.cause, own.verdict) for own in in_order_of_proof(kept, chosen)]
    assert told == [("vanishing_gradients", "confirmed"), ("undertrained", "confirmed")]


def test_what_no_setting_mends_stays_first_where_the_rest_leaves_the_gap_open():
    stuck, slow = finding("parameters_not_updated"), finding("undertrained", "a=1")
    scores = {"valid": {"accuracy": 0.5, "possible": 0.9, "rows": 300, "behind": True}}
    found = Diagnosis([stuck, slow], scores=scores)
    findings = judge(found, [arm(0.5), arm(0.6, (1,))], 5, 1.0)

    def order(after):
        told = replace(found, restores=["a=1"], restored=(0.5, after))
        read = Diagnosis.from_plain(told.plain())
        causes = [own.cause for own in in_order_of_proof(findings, (1,), unmended(read))]
        return causes, cure(read)

    assert order(0.6) == (
        ["parameters_not_updated", "undertrained"],
        "what helps, though most of the gap to other learners stays open",
    )
    assert order(0.75) == (
        ["parameters_not_updated", "undertrained"],
        "what restores the score",
    )
    recall = replace(finding("class_imbalance", "a=1"), verdict="confirmed")
    recall = replace(
        recall, proof=Proof("balanced_accuracy/val", 0.7, 0.9, 0.2, (0.1, 0.3), 0.01, 5, 1)
    )
    told = replace(found, findings=[recall], restores=["a=1"], restored=(0.9, 0.8))
    assert cure(told) == "what restores the score"  # accuracy was given up for it
    # it is known to bring that about
    assert order(0.85) == (
        ["parameters_not_updated", "undertrained"],
        "what restores the score",
    )
    findings[0] = (finding("distribution_shift"), 0.0)
    assert order(0.75)[0] == ["distribution_shift", "undertrained"]
    assert order(0.85)[0] == ["undertrained", "distribution_shift"]


def test_a_change_that_undoes_another_is_not_confirmed_by_that():
    causes = ("overfit", "dead_units")
    undone = arm(0.9), arm(0.7, (0,)), arm(0.9, (1,)), arm(0.9, (0, 1))
    assert "confirmed" not in judged(*undone, causes=causes)


def test_runs_without_scores_are_no_pairs():
    lost = arm(0.9, (0,))
    lost.accuracies = lost.balanced = [float("nan")] * 4 + [0.9]
    found = Diagnosis([finding("dead_units", "seed=1")])
    ((own, _),) = judge(found, [arm(0.5), lost], 5, 1.0)
    assert (own.verdict, own.proof) == ("suspected", None)
    some = arm(0.9, (0,))
    some.accuracies = some.balanced = [float("nan"), *some.accuracies[1:]]
    ((own, _),) = judge(found, [arm(0.5), some], 5, 1.0)
    assert own.proof.seeds == 4


def test_fixes_of_one_key_are_united_or_not_combined():
    lists = [finding("target_leak", "data.drop=[a]"), finding("group_leak", "data.drop=[b]")]
    base = compose(["data=wine"])
    arms = proving._planned(base, ["data=wine"], Diagnosis(lists))
    assert [own.config.data.drop for own in arms] == [[], ["a"], ["b"], ["a", "b"]]
    scales = [finding("overfit", "reg.dropout=0.2"), finding("over_regularized", "reg.dropout=0")]
    arms = proving._planned(base, ["data=wine"], Diagnosis(scales))
    assert [own.changed for own in arms] == [(), (0,), (1,)]


def test_a_long_fix_counts_by_its_length():
    base = compose(["data=wine", "trainer.epochs=10"])
    long = compose(["data=wine", "trainer.epochs=100"])
    arms = [Arm(base), Arm(long, (0,))]
    assert proving._within(arms, 5, 11 * 3 * 1.0, 1.0)[1] == 3
    assert proving._within(arms, 5, None, 1.0)[1] == 5


def test_gains_of_unlike_scores_are_not_compared():
    def own(cause, gain, metric):
        proof = Proof(metric, 0.5, 0.5 + gain, gain, (0.0, 1.0), 0.01, 5, 1.0)
        return replace(finding(cause, "seed=1"), verdict="confirmed", proof=proof), gain

    small = own("softmax_twice", 0.03, "accuracy/val")
    balanced = own("class_imbalance", 0.17, "balanced_accuracy/val")
    large = own("lr_too_high", 0.2, "accuracy/val, the other changes made")
    order = [one.cause for one in in_order_of_proof([small, balanced])]
    assert order == ["softmax_twice", "class_imbalance"]
    order = [one.cause for one in in_order_of_proof([small, balanced, large])]
    assert order == ["class_imbalance", "lr_too_high", "softmax_twice"]


def test_what_brings_about_the_rest_is_mended_too_where_it_costs_nothing():
    found = Diagnosis([finding("sigmoid_twice", "a=1"), finding("class_imbalance", "b=1")])
    arms = [arm(0.5), arm(0.6, (0,)), arm(0.9, (1,)), arm(0.899, (0, 1))]
    findings = judge(found, arms, 5, 1.0)
    chosen = smallest(found, arms, 5, [0, 1])
    assert chosen == (0, 1)
    kept = without_followers(found, findings, arms, 5, chosen)
    assert [own.cause for own in in_order_of_proof(kept, chosen)] == [
        "sigmoid_twice",
        "class_imbalance",
    ]
    arms[3] = arm(0.8, (0, 1))
    assert smallest(found, arms, 5, [0, 1]) == (1,)


def test_a_change_that_leaves_all_runs_as_they_were_acquits_of_nothing():
    same = arm(0.8)
    assert judged(same, replace(same, changed=(0,)), causes=("lr_too_high",)) == ["suspected"]
    assert judged(same, arm(0.8, (0,)), causes=("lr_too_high",)) == ["harmless"]
    # runs that name one class are alike, whatever was changed
    stuck = arm(0.5, spread=0.0)
    stuck.judges = {row: row % 2 for row in range(500)}
    assert judged(stuck, replace(stuck, changed=(0,)), causes=("lr_too_high",)) == ["harmless"]


def test_a_run_that_weights_its_classes_is_judged_by_balanced_accuracy():
    arms = [arm(0.7), arm(0.705, (0,))]
    for own, balanced in zip(arms, (0.6, 0.7), strict=True):
        own.balanced = [balanced + 0.001 * n for n in range(5)]
        own.judges = {row: int(row < 1500) for row in range(5000)}
    assert judged(*arms, causes=("informative_missingness",)) == ["harmless"]
    for own in arms:
        own.weighted = True
    assert judged(*arms, causes=("informative_missingness",)) == ["confirmed"]
