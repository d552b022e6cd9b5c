import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from nnexp.diagnosis.audit.labels import noise
from nnexp.diagnosis.audit.learners import yardstick
from nnexp.diagnosis.audit.learners.forest import out_of_bag
from nnexp.diagnosis.audit.rows import find_rows


def look(sheet):
    return noise.check(sheet, yardstick.measure(sheet), find_rows(sheet))


def exchanged(y, share, where=None, seed=0):
    rng = np.random.default_rng(seed)
    hit = rng.random(len(y)) < share
    if where is not None:
        hit &= where
    classes = y.max() + 1
    return np.where(hit, (y + rng.integers(1, classes, len(y))) % classes, y)


@pytest.mark.matrix(4)
@pytest.mark.parametrize("share", [0.2, 0.3])
@pytest.mark.parametrize(
    ("name", "rows"), [("digits", 0), ("moons", 2000), ("circles", 2000), ("classification", 3000)]
)
def test_labels_exchanged_at_random(sheet_of, table, causes, name, rows, share):
    frame, y = table(name, rows) if rows else table(name)
    found = look(sheet_of(frame, exchanged(y, share)))
    assert causes(found) == ["label_noise"]
    assert found.nominations[0].fix == ("reg.label_smoothing=0.1",)


@pytest.mark.parametrize("seed", [16, 20, 25])  # of which trees are not sure
def test_in_a_small_table_a_plane_sees_it(sheet_of, table, causes, seed):
    frame, y = table("wine")
    found = look(sheet_of(frame, exchanged(y, 0.25, seed=seed)))
    assert causes(found) == ["label_noise"]
    signal = found.nominations[0].evidence[0].signal
    assert signal.endswith("a linear discriminant analysis is surest of")
    parts = np.full(1500, "train", dtype=object)
    parts[train_test_split(np.arange(1500), test_size=0.3, random_state=0)[1]] = "valid"
    assert causes(look(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "moons", "classification"])
def test_noise_in_train_alone(sheet_of, table, parts_of, causes, name):
    frame, y = table(name)
    parts = parts_of(len(y))
    found = look(sheet_of(frame, exchanged(y, 0.3, parts == "train"), parts))
    assert causes(found) == ["label_noise"]


@pytest.mark.parametrize("hidden", [True, False])
def test_columns_too_few_are_no_wrong_labels(sheet_of, causes, hidden):
    """A column that settles the label with the others, which may be thrown away."""
    rng = np.random.default_rng(0)
    bits, more = rng.integers(0, 2, (3000, 4)), rng.random(3000)
    y = (2 * bits[:, 0] + bits[:, 1] + (more < 0.35)) % 4
    frame = pd.DataFrame(bits, columns=list("abcd"))
    found = look(sheet_of(frame if hidden else frame.assign(e=more), y))
    assert causes(found) == []
    assert any("columns are too few" in note for note in found.notes) == hidden


@pytest.mark.matrix(9)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("breast_cancer", 0),
        ("wine", 0),
        ("iris", 0),
        ("digits", 0),
        ("blobs", 0),
        ("classification", 0),
        ("moons", 0.35),
        ("moons", 0.5),
        ("circles", 0.25),
    ],
)
def test_hard_tables_are_silent(sheet_of, table, causes, name, level, seed):
    assert causes(look(sheet_of(*table(name, noise=level), seed=seed))) == []


@pytest.mark.matrix(4)
@pytest.mark.parametrize("apart", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("rows", [300, 2000])
def test_overlapping_classes_are_silent(sheet_of, causes, apart, rows):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 4))
    x[:, 0] += apart * y
    assert causes(look(sheet_of(pd.DataFrame(x, columns=list("abcd")), y))) == []


def test_a_few_flipped_labels_are_silent(sheet_of, table, causes):
    for name in ("breast_cancer", "digits", "moons"):
        frame, y = table(name)
        assert causes(look(sheet_of(frame, exchanged(y, 0.03)))) == []


@pytest.mark.parametrize("name", ["digits", "moons", "breast_cancer"])
def test_one_class_labelled_as_another(sheet_of, table, causes, name):
    frame, y = table(name, 1500) if name == "moons" else table(name)
    hit = (y == 1) & (np.random.default_rng(0).random(len(y)) < 0.35)
    found = look(sheet_of(frame, np.where(hit, 0, y)))
    assert causes(found) == ["label_noise"]
    (own,) = found.nominations
    assert own.subject == "1 labelled as 0"
    assert own.strength < 0.8


@pytest.mark.matrix(4)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("apart", [0.5, 1.5, 3.0])
def test_classes_that_overlap_are_not_mistaken(sheet_of, causes, apart, share):
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < share).astype(int)
    x = rng.normal(size=(2000, 6))
    x[:, 0] += apart * y
    assert causes(look(sheet_of(pd.DataFrame(x, columns=list("abcdef")), y))) == []


def test_a_class_that_a_missing_column_would_tell_is_not_mistaken(sheet_of, causes):
    """Equal rows with both labels: the columns are too few."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (3000, 4))
    y = np.where(bits[:, 0] == 1, (rng.random(3000) < 0.35).astype(int), 2)
    frame = pd.DataFrame(bits, columns=list("abcd"))
    assert causes(look(sheet_of(frame, y))) == []


def test_one_class_labelled_as_any_other(sheet_of, table):
    rng = np.random.default_rng(0)
    frame, y = table("blobs", 2000)
    y = y + 3 * (frame["x1"] > frame["x1"].median()).astype(int).to_numpy()
    hit = (y == 1) & (rng.random(len(y)) < 0.4)
    other = (y + rng.integers(1, 6, len(y))) % 6
    found = look(sheet_of(frame, np.where(hit, other, y)))
    assert found.nominations[0].subject == "1 labelled as another"


def test_one_of_three_classes_labelled_as_any_other(sheet_of, table):
    rng = np.random.default_rng(0)
    frame, y = table("blobs", 2000)
    hit = (y == 1) & (rng.random(len(y)) < 0.45)
    other = (y + rng.integers(1, 3, len(y))) % 3
    found = look(sheet_of(frame, np.where(hit, other, y)))
    assert found.nominations[0].subject == "1 labelled as another"


@pytest.mark.matrix(4)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cuts", [[-0.6, 0.6, 1.4], [-0.8, 0.3, 0.9], [-1.0, 1.0, 1.4]])
def test_a_class_that_rows_are_taken_for_where_nothing_is_known(sheet_of, causes, seed, cuts):
    """Grades by a sum of which little is seen: the frequent one is named for want of better."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3000, 6))
    score = 0.7 * x[:, :4].sum(1) + rng.normal(size=3000)
    y = np.digitize(score, cuts)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    assert causes(look(sheet_of(frame, y))) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_middle_that_is_taken_for_what_lies_beside_it_is_not_mistaken(sheet_of, causes, seed):
    """Thirds of a score, of which answers tell the ends better than the middle."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(1200, 3))
    answers = np.clip(np.round(3 + score @ rng.normal(size=(3, 14)) * 0.7), 1, 5)
    own = 1.2 * score[:, 0] + 0.9 * score[:, 1] * score[:, 2] + rng.logistic(0, 0.4, 1200)
    y = np.digitize(own, np.quantile(own, [0.33, 0.66]))
    blurred = answers + rng.normal(0, 0.8, answers.shape)
    frame = pd.DataFrame(blurred, columns=[f"q{n}" for n in range(14)])
    assert causes(look(sheet_of(frame, y))) == []


def test_a_class_that_nothing_tells_from_another_is_not_mistaken(sheet_of, causes):
    """Anglers at the beach, who pay and catch what those at the pier do."""
    rng = np.random.default_rng(0)
    y = rng.choice(3, 1500, p=[0.25, 0.15, 0.6])
    x = rng.normal(size=(1500, 5)) * 0.4
    x[:, 0] += 3.0 * (y == 2)
    assert causes(look(sheet_of(pd.DataFrame(x, columns=list("abcde")), y))) == []


@pytest.mark.parametrize("seed", range(5))
def test_classes_that_overlap_in_pairs_beside_plain_ones(seed):
    """Two kinds are told at a glance, the others only from all but their nearest."""
    rng, size = np.random.default_rng(seed), 2000
    y = rng.integers(0, 8, size)
    centres = 8 * rng.normal(size=(8, 5))
    for place in (3, 5, 7):
        way = rng.normal(size=5)
        centres[place] = centres[place - 1] + 0.4 * way / np.linalg.norm(way)
    x = (centres[y] + rng.normal(size=(size, 5))).astype(np.float32)
    judged = out_of_bag(x, y, 8, np.arange(size))
    assert not noise.confidence_of(judged, y).wrong


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_held_out_rows_that_more_trees_judge_are_not_cleaner(sheet_of, causes, seed):
    """Four classes in forty columns: each tree knows little, and a train row has fewer of them."""
    x, y = make_classification(
        1500, 40, n_informative=12, n_redundant=4, n_classes=4, class_sep=1.2, flip_y=0,
        random_state=seed,
    )  # fmt: skip
    frame = pd.DataFrame(x, columns=[f"x{place}" for place in range(40)])
    assert causes(look(sheet_of(frame, y))) == []
