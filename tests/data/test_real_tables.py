import os
from pathlib import Path

import numpy as np
import pytest

from nnexp.config.schema.sources import CsvConfig, IdxConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import load_table, prepare
from nnexp.errors import UserError

FOLDER = Path(os.environ.get("NNEXP_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real tables are not here")


def get(name, target, **options):
    config = CsvConfig(path=str(FOLDER / name), target=target, **options)
    return prepare(load_table(config), config)


def test_adult_spaces_and_question_marks():
    data = get("adult_train.csv.gz", "income")
    assert data.classes == ["<=50K", ">50K"]
    assert data.summary["missing"] == {
        "workclass": 1836,
        "occupation": 1843,
        "native-country": 583,
    }
    assert sum(data.summary["split"].values()) == 32561
    with pytest.raises(UserError, match=r"'<=50K\.'"):
        get("adult_train.csv.gz", "income", test_path=str(FOLDER / "adult_test.csv.gz"))


def test_titanic_drops_its_free_text():
    data = get("titanic.csv", "Survived")
    assert set(data.summary["dropped"]) == {"Name", "Ticket", "Cabin"}
    assert "Age is missing" in data.features
    assert "Embarked=S" in data.features


def test_mammography_labels_keep_their_quotes():
    assert get("mammography.csv", "class").classes == ["'-1'", "'1'"]


def test_vowel_official_split():
    split = SplitConfig(method="column", by="Train or Test", valid=0)
    data = get("vowel.csv", "Class", split=split, drop=["Speaker Number"])
    assert data.summary["split"] == {"train": 528, "valid": 0, "test": 462}
    assert not any("Train or Test" in name for name in data.features)


def test_weather_runs_forward_over_unpadded_dates():
    data = get("weather_canberra.csv", "RainTomorrow", split=SplitConfig(method="time", by="Date"))
    assert data.train.tolist() == list(range(len(data.train)))
    assert data.summary["dropped"] == {"Date": "it is data.split.by"}


def test_mushroom_letters_are_categories():
    data = get("mushroom.csv", "class")
    assert data.summary["dropped"] == {"veil-type": "one value in train"}
    assert "stalk-root=(missing)" in data.features


def test_horse_colic_question_marks_are_missing_numbers():
    data = get("horse_colic.csv", "surgical_lesion")
    assert sum(data.summary["missing"].values()) == 1605
    assert np.isfinite(data.x).all()


@pytest.mark.parametrize(
    ("name", "target"),
    [("reg_auto_mpg.csv", "mpg"), ("reg_california_housing.csv.gz", "median_house_value")],
)
def test_regression_is_refused(name, target):
    with pytest.raises(UserError, match="regression"):
        get(name, target)


def test_constant_pixels_of_train_only():
    data = get(
        "fashion_mnist_1000_train.csv.gz",
        "y",
        test_path=str(FOLDER / "fashion_mnist_1000_test.csv.gz"),
    )
    assert data.summary["split"] == {"train": 800, "valid": 200, "test": 1000}
    assert np.isfinite(data.x).all()


def test_fashion_mnist_files():
    config = IdxConfig(path=str(FOLDER / "fashion_mnist"))
    table = load_table(config)
    assert table.frame.shape == (70000, 784)
    assert np.bincount(table.target).tolist() == [7000] * 10
    assert (table.parts == "test").sum() == 10000
