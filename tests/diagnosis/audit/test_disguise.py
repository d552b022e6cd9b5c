import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import disguise
from nnexp.diagnosis.audit.learners.others import by_others

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


@pytest.mark.matrix(8)
@pytest.mark.parametrize("spread", [0.01, 0.05, 0.1, 0.15])
@pytest.mark.parametrize("name", TABLES)
def test_the_label_with_noise(sheet_of, table, causes, name, spread):
    frame, y = table(name)
    frame["after"] = y + np.random.default_rng(0).normal(0, spread, len(y))
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "after"
    assert found.nominations[0].fix == ("data.drop=[after]",)


@pytest.mark.parametrize(
    "copy",
    [
        lambda y: np.array([f"result {label}" for label in y], dtype=object),
        lambda y: np.random.default_rng(0).permutation(y.max() + 1)[y],
        lambda y: 7.5 - 2.5 * y,
    ],
)
@pytest.mark.parametrize("name", TABLES)
def test_a_copy_of_the_label(sheet_of, table, causes, name, copy):
    frame, y = table(name)
    frame["again"] = copy(y)
    assert causes(disguise.check(sheet_of(frame, y))) == ["target_leak"]


@pytest.mark.parametrize("name", ["breast_cancer", "classification"])
def test_an_amount_that_the_label_is_a_threshold_of(sheet_of, table, causes, name):
    frame, y = table(name)
    rng = np.random.default_rng(0)
    frame["rain"] = np.where(y == 1, 1 + rng.exponential(3, len(y)), rng.random(len(y)))
    assert causes(disguise.check(sheet_of(frame, y))) == ["target_leak"]


@pytest.mark.parametrize(("hard", "told"), [(2.0, True), (0.4, False)])
def test_what_leaves_a_little_to_tell_is_odd_where_others_leave_much(sheet_of, causes, hard, told):
    """A column of 98 % beside columns that reach 75 %, and beside some that reach as much."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 1500)
    x = 2 * np.eye(3)[y] + rng.normal(0, hard, (1500, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    frame["after"] = 5 * (y + rng.normal(0, 0.21, 1500))
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == (["target_leak"] if told else [])
    if told:
        (own,) = found.nominations
        assert own.subject == "after"
        assert 0.97 < own.evidence[0].value < 0.99
        assert own.evidence[0].expected == "below 0.97"


def test_two_leaks_at_once(sheet_of, table, causes):
    frame, y = table("classification")
    frame["a"] = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    frame["b"] = np.where(y == 1, "paid", "open").astype(object)
    found = disguise.check(sheet_of(frame, y))
    assert found.nominations[0].subject == "a, b"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TABLES)
def test_good_columns_are_silent(sheet_of, table, causes, name, seed):
    assert causes(disguise.check(sheet_of(*table(name), seed=seed))) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("centers", "features"), [(2, 2), (3, 2), (3, 4), (4, 8)])
def test_well_separated_blobs_are_silent(sheet_of, causes, centers, features, seed):
    from sklearn.datasets import make_blobs

    x, y = make_blobs(400, features, centers=centers, random_state=seed)
    frame = _frame(x)
    assert causes(disguise.check(sheet_of(frame, y))) == []


def test_a_row_number_of_a_sorted_file(sheet_of, table, causes):
    frame, y = table("breast_cancer")
    order = np.argsort(y, kind="stable")
    frame = frame.iloc[order].assign(row=np.arange(len(y)))
    found = disguise.check(sheet_of(frame, y[order]))
    assert causes(found) == ["target_leak"]
    assert "row number" in found.nominations[0].evidence[-1].value


def _frame(x):
    import pandas as pd

    return pd.DataFrame(x, columns=[f"x{place}" for place in range(x.shape[1])])


def test_leaks_that_shield_each_other(sheet_of, table, causes):
    rng = np.random.default_rng(0)
    size = 1500
    y = rng.integers(0, 2, size)
    frame = pd.DataFrame(rng.normal(size=(size, 5)) + 0.4 * y[:, None], columns=list("abcde"))
    frame["calls"] = np.where(y == 1, rng.poisson(4, size), rng.poisson(0.15, size))
    (alone,) = disguise.check(sheet_of(frame, y)).nominations
    assert (alone.cause, alone.subject, alone.strength) == ("target_leak", "calls", 0.7)
    known = rng.random(size) < 0.97
    frame["fee"] = np.where((y == 1) & known, rng.uniform(20, 80, size), 0.0)
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "fee"


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_a_value_for_each_class_but_for_some_rows(sheet_of, causes, classes, numbers):
    rng = np.random.default_rng(classes)
    y = rng.integers(0, classes, 2000)
    frame = pd.DataFrame(rng.normal(size=(2000, 5)) + 0.4 * y[:, None], columns=list("abcde"))
    other = rng.random(2000) < 0.04
    value = np.where(other, (y + 1) % classes, y)
    frame["code"] = value * 10.0 if numbers else np.array(list("wxyz"))[value]
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "code"
    # beside columns that tell as much it is one of many good ones
    good = frame.assign(**{n: 7 * y + 2.4 * rng.normal(size=2000) for n in "abc"})
    assert causes(disguise.check(sheet_of(good, y))) == []


@pytest.mark.parametrize("rest", [0.1, 0.45])
@pytest.mark.parametrize("name", ["digits", "wine", "moons"])
def test_a_copy_that_is_filled_in_for_most_rows(sheet_of, table, causes, name, rest):
    frame, y = table(name)
    left = np.random.default_rng(0).random(len(y)) < rest
    frame["remark"] = np.where(left, "open", np.array([f"note {k}" for k in y], dtype=object))
    assert causes(disguise.check(sheet_of(frame, y))) == ["target_leak"]


@pytest.mark.parametrize(("name", "told"), [("digits", True), ("wine", False)])
def test_names_of_the_classes_that_are_wrong_at_times(sheet_of, table, causes, name, told):
    """Ten names for ten classes are no chance; three for three may be a good question."""
    frame, y = table(name)
    rng = np.random.default_rng(0)
    other = np.where(rng.random(len(y)) < 0.1, rng.integers(0, y.max() + 1, len(y)), y)
    frame["verdict"] = np.array([f"kind {k}" for k in other], dtype=object)
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == (["target_leak"] if told else [])
    if told:
        assert found.nominations[0].evidence[1].expected == "below 0.85"


@pytest.mark.parametrize("apart", [0.22, 0.25])
@pytest.mark.parametrize("name", ["classification", "digits"])
def test_a_good_column_beside_poor_ones(sheet_of, table, causes, name, apart):
    """The label's number with a little noise, where all others tell half of the rows."""
    frame, y = table(name)
    rng = np.random.default_rng(0)
    frame = frame.iloc[:, :6] + rng.normal(0, 2 * frame.iloc[:, :6].std(), (len(y), 6))
    frame["after"] = y + rng.normal(0, apart, len(y))
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "after"


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "moons", "blobs", "wine"])
def test_good_columns_that_are_measured(sheet_of, table, causes, name):
    assert causes(disguise.check(sheet_of(*table(name)))) == []


def _weather(rng, same, names=("sun", "rain", "fog")):
    """Days that two columns tell half of, and a text of the classes' names that is often right."""
    y = rng.integers(0, len(names), 900)
    frame = pd.DataFrame(rng.normal(size=(900, 5)) + 0.6 * y[:, None], columns=list("abcde"))
    labels = np.array(names)[y]
    other = np.array(names)[rng.integers(0, len(names), 900)]
    return frame.assign(icon=np.where(rng.random(900) < same, labels, other)), labels


def test_a_text_of_the_classes_names_that_is_often_right(sheet_of, causes):
    frame, labels = _weather(np.random.default_rng(0), 0.7)
    found = disguise.check(sheet_of(frame, labels))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].fix == ("data.drop=[icon]",)
    # what it was the day before is told no better than by the others
    assert causes(disguise.check(sheet_of(*_weather(np.random.default_rng(0), 0.2)))) == []
    # of several such columns each is an answer to a question like the label's
    assert causes(disguise.check(sheet_of(frame.assign(other=frame["icon"]), labels))) == []
    # and of two classes they may be yes and no
    two = _weather(np.random.default_rng(0), 0.6, ("no", "yes"))
    assert causes(disguise.check(sheet_of(*two))) == []


def test_the_state_that_was_before_is_no_leak(sheet_of, causes):
    """Stages of sleep, which last, and the one before."""
    rng = np.random.default_rng(0)
    names, state = np.array(["deep", "light", "rem"]), [0]
    for _ in range(1199):
        state.append(state[-1] if rng.random() < 0.8 else int(rng.integers(0, 3)))
    y = np.array(state)
    frame = pd.DataFrame(rng.normal(size=(1200, 5)) + 0.4 * y[:, None], columns=list("abcde"))
    frame["before"] = names[np.r_[y[0], y[:-1]]]
    sheet = sheet_of(frame, names[y])
    assert disguise._spelt_alike(sheet, sheet.used) is None


@pytest.mark.parametrize("others", [0.0, 0.7])
def test_the_one_column_that_tells_anything_is_no_wonder(sheet_of, causes, others):
    """A column of 87 % beside columns of noise, and beside some that tell a part."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, 6)), columns=list("abcdef"))
    y = (frame["a"] + rng.normal(0, 0.4, 800) > 0).to_numpy().astype(int)
    frame["b"] += others * y
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == (["target_leak"] if others else [])
    if others:
        assert found.nominations[0].title == disguise.GOOD


@pytest.mark.parametrize("beside", [3, 5])
def test_of_a_few_columns_one_may_be_the_best_by_far(sheet_of, causes, beside):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, beside + 1)), columns=list("abcdef")[: beside + 1])
    y = (frame["a"] + rng.normal(0, 0.4, 800) > 0).to_numpy().astype(int)
    frame["b"] += 0.7 * y
    found = disguise.check(sheet_of(frame, y))
    assert causes(found) == (["target_leak"] if beside == 5 else [])
    assert not any(own.provable for own in found.nominations)


def _people(rng, tall=172.0, telling=0.0):
    """Adults and children by their height, beside what says nothing of it, or a little."""
    adult = rng.random(1500) < 0.5
    height = np.where(adult, rng.normal(tall, 9, 1500), rng.normal(132, 12, 1500)).round(1)
    frame = pd.DataFrame({"height": height, "siblings": rng.poisson(1, 1500)})
    frame["warmth"] = rng.normal(36.7, 0.4, 1500).round(1)
    frame["eyes"] = rng.choice(["brown", "blue"], 1500)
    frame["weight"] = (40 + 12 * rng.normal(size=1500) + telling * adult).round(1)
    return frame, np.where(adult, "adult", "child")


@pytest.mark.parametrize("tall", [172.0, 185.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_measurement_that_alone_tells_anything_is_no_leak(sheet_of, causes, tall, seed):
    frame, y = _people(np.random.default_rng(seed), tall)
    assert causes(disguise.check(sheet_of(frame, y, seed=seed))) == []
    # a code for each class is none, and neither is a row number that runs with them
    code = np.where(np.random.default_rng(9).random(1500) < 0.03, y == "child", y == "adult")
    told = disguise.check(sheet_of(frame.assign(height=np.where(code, 7.0, 5.0)), y))
    assert [own.provable for own in told.nominations] == [True]
    order = np.argsort(y, kind="stable")
    numbered = frame.iloc[order].assign(height=np.arange(1500))
    assert causes(disguise.check(sheet_of(numbered, y[order]))) == ["target_leak"]


def test_several_measurements_and_columns_of_noise_are_no_leak(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame, y = _people(rng, 185.0)
    frame["arm"] = (0.4 * frame["height"] + rng.normal(0, 3, 1500)).round(1)
    assert causes(disguise.check(sheet_of(frame, y))) == []


def test_a_measurement_beside_what_tells_less_is_left_suspected(sheet_of, causes):
    """Without it the score falls, be it a leak or a good question: no re-run says which."""
    found = disguise.check(sheet_of(*_people(np.random.default_rng(0), 185.0, telling=12.0)))
    assert causes(found) == ["target_leak"]
    (own,) = found.nominations
    assert (own.subject, own.provable, own.title) == ("height", False, disguise.GOOD)


def test_an_amount_that_is_there_for_one_class_alone_is_no_measurement(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame, y = _people(rng)
    fee = np.where(y == "adult", rng.gamma(3, 20, 1500), 0.0)
    found = disguise.check(sheet_of(frame.assign(height=fee), y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].provable


def test_others_that_rank_rows_of_a_rare_class_tell_something(sheet_of, causes):
    """Rain on one day of eight: no other column names it, and several go with it."""
    rng = np.random.default_rng(0)
    rain = rng.random(2000) < 0.12
    frame = pd.DataFrame(rng.normal(size=(2000, 5)), columns=list("abcde"))
    frame["rain"] = np.where(rain, 1 + rng.exponential(6, 2000), rng.random(2000) ** 4)
    alone = disguise.check(sheet_of(frame, rain.astype(int)))
    assert causes(alone) == []
    frame[["a", "b", "c"]] += 0.7 * rain[:, None]
    sheet = sheet_of(frame, rain.astype(int))
    assert by_others(sheet, ["rain"], sheet.used).mean() < disguise.told_nothing(sheet.y)
    assert causes(disguise.check(sheet)) == ["target_leak"]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_a_flag_beside_columns_that_rank_and_name_hardly_a_row(sheet_of, causes, weight):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2400, 6))
    y = (rng.random(2400) < 1 / (1 + np.exp(1.5 - weight * x[:, :3].sum(1)))).astype(int)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["sent"] = np.where(rng.random(2400) < 0.035, 1 - y, y)
    found = disguise.check(sheet_of(frame, y))
    # where nothing else tells anything, that one column does is no wonder
    assert causes(found) == ["target_leak"] * (weight > 0)
    assert not any(own.provable for own in found.nominations)
