import dataclasses

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.sources import ClassificationConfig, CsvConfig, OpenMLConfig
from nnexp.data import load_table, prepare
from nnexp.data.table import fingerprint_values
from nnexp.errors import UserError


@pytest.mark.parametrize(
    ("name", "rows", "columns", "classes"),
    [
        ("digits", 1797, 64, list(range(10))),
        ("breast_cancer", 569, 30, ["benign", "malignant"]),
        ("wine", 178, 13, ["class_0", "class_1", "class_2"]),
        ("iris", 150, 4, ["setosa", "versicolor", "virginica"]),
        ("moons", 1000, 2, [0, 1]),
        ("circles", 1000, 2, [0, 1]),
        ("blobs", 1000, 2, [0, 1, 2]),
        ("classification", 1000, 20, [0, 1]),
    ],
)
def test_sources_without_a_file(name, rows, columns, classes):
    config = OPTIONS["data"][name]()
    table = load_table(config)
    assert table.frame.shape == (rows, columns)
    data = prepare(table, config)
    assert data.classes == classes
    assert [type(label) for label in data.classes] == [type(label) for label in classes]
    assert load_table(config).fingerprint == table.fingerprint
    assert table.parts is None


def sklearn_iris():
    return sklearn.datasets.load_iris(as_frame=True).frame


def test_a_bundled_table_is_read_once():
    first = load_table(OPTIONS["data"]["iris"]())
    assert load_table(OPTIONS["data"]["iris"]()) is first
    prepare(first, OPTIONS["data"]["iris"](scaling="minmax"), seed=1)
    again = load_table(OPTIONS["data"]["iris"]())
    assert fingerprint_values(again.frame) == fingerprint_values(
        sklearn_iris().drop(columns="target")
    )


def test_made_tables_follow_their_options():
    one, two = (load_table(ClassificationConfig(seed=seed)) for seed in (0, 1))
    assert one.fingerprint != two.fingerprint
    table = load_table(ClassificationConfig(rows=200, classes=3, weights=[0.5, 0.3, 0.2]))
    assert len(table.frame) == 200
    with pytest.raises(UserError, match="classification"):
        load_table(ClassificationConfig(features=3))


def test_unknown_source():
    with pytest.raises(UserError, match="nowhere"):
        load_table(DataConfig(name="nowhere"))


class TestOpenML:
    @pytest.fixture
    def fetched(self, monkeypatch):
        calls = []
        frame = pd.DataFrame({"a": range(30), "class": ["x", "y", "z"] * 10})

        def fetch(**options):
            calls.append(options)
            return sklearn.utils.Bunch(frame=frame, target=frame["class"])

        monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
        return calls

    def test_by_number_and_by_name(self, fetched):
        assert load_table(OpenMLConfig(id=61)).target.name == "class"
        assert load_table(OpenMLConfig(dataset="iris", version=1, target="a")).target.name == "a"
        assert fetched[0]["data_id"] == 61
        assert (fetched[1]["name"], fetched[1]["version"]) == ("iris", 1)

    @pytest.mark.parametrize("config", [OpenMLConfig(), OpenMLConfig(id=1, dataset="iris")])
    def test_one_of_number_and_name(self, config):
        with pytest.raises(UserError, match=r"data\.id or data\.dataset"):
            load_table(config)

    @pytest.mark.parametrize("problem", [OSError("no route to host"), ValueError("unknown id")])
    def test_no_network(self, monkeypatch, problem):
        def fetch(**options):
            raise problem

        monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
        with pytest.raises(UserError, match=str(problem)):
            load_table(OpenMLConfig(id=99999999))

    def test_no_default_target(self, monkeypatch):
        bunch = sklearn.utils.Bunch(frame=pd.DataFrame({"a": [1], "b": [2]}), target=None)
        monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **options: bunch)
        with pytest.raises(UserError, match=r"data\.target is not given"):
            load_table(OpenMLConfig(id=5))


class TestCsv:
    @pytest.fixture
    def train(self, tmp_path):
        path = tmp_path / "train.csv"
        rows = "".join(f"{row},{'uv'[row % 2]},{('no', 'yes')[row % 2]}\n" for row in range(40))
        path.write_text("a,b,label\n" + rows)
        return path

    def test_reads_and_fingerprints_the_file(self, train):
        table = load_table(CsvConfig(path=str(train), target="label"))
        assert list(table.frame.columns) == ["a", "b"]
        assert table.target[0] == "no"
        before = table.fingerprint
        train.write_text(train.read_text().replace("39,v", "38,v"))
        assert load_table(CsvConfig(path=str(train), target="label")).fingerprint != before

    def test_needs_a_path_and_a_target(self, train):
        with pytest.raises(UserError, match=r"data\.path"):
            load_table(CsvConfig())
        with pytest.raises(UserError) as caught:
            load_table(CsvConfig(path=str(train)))
        assert caught.value.remedy == "data.target=label"
        assert "a, b, label" in caught.value.allowed
        with pytest.raises(UserError) as caught:
            load_table(CsvConfig(path=str(train), target="labl"))
        assert caught.value.remedy == "data.target=label"

    def test_a_table_of_labels_only(self, tmp_path):
        (tmp_path / "t.csv").write_text("label\n1\n2\n")
        with pytest.raises(UserError, match="no other"):
            load_table(CsvConfig(path=str(tmp_path / "t.csv"), target="label"))

    def test_categories_keep_their_text(self, tmp_path):
        (tmp_path / "t.csv").write_text("zip,label\n007,1\n7,2\n")
        config = CsvConfig(path=str(tmp_path / "t.csv"), target="label", categorical=["zip"])
        assert load_table(config).frame["zip"].tolist() == ["007", "7"]

    def test_a_second_file_is_the_test(self, train, tmp_path):
        test = tmp_path / "test.csv"
        test.write_text("label,more,b,a\nyes,1,u,x\nno,1,w,2\n")
        config = CsvConfig(path=str(train), test_path=str(test), target="label")
        table = load_table(config)
        assert table.parts.tolist() == ["train"] * 40 + ["test"] * 2
        data = prepare(table, config)
        assert data.test.tolist() == [40, 41]
        assert len(data.valid) == 8
        assert data.features == ["a", "b=u", "b=v"]
        assert data.x[40].tolist() == [0, 1, 0]
        assert any("no number" in line for line in data.messages)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a,b,label\n1,u,maybe\n", ["'maybe'", "'no', 'yes'"]),
            ("a,label\n1,no\n", ["lacks the columns b"]),
            ("a,b\n1,u\n", ["lacks the columns label"]),
        ],
    )
    def test_a_second_file_that_does_not_fit(self, train, tmp_path, text, words):
        test = tmp_path / "test.csv"
        test.write_text(text)
        with pytest.raises(UserError) as caught:
            load_table(CsvConfig(path=str(train), test_path=str(test), target="label"))
        for word in words:
            assert word in str(caught.value)


def test_spellings_of_a_second_file_are_merged_where_asked(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("a,label\n" + "1,No\n2,Yes\n" * 10)
    test.write_text("a,label\n" + "1,no\n2,yes\n" * 3)
    config = CsvConfig(path=str(train), test_path=str(test), target="label")
    with pytest.raises(UserError) as caught:
        load_table(config)
    assert caught.value.remedy == "data.labels=merge"
    merged = dataclasses.replace(config, labels="merge")
    assert prepare(load_table(merged), merged).classes == ["No", "Yes"]
    test.write_text("a,label\n1,no\n2,perhaps\n")
    with pytest.raises(UserError, match="'perhaps'"):
        load_table(merged)
    test.write_text("a,label\n" + "1,No.\n2, 'Yes'\n" * 3)
    assert prepare(load_table(merged), merged).classes == ["No", "Yes"]


def test_what_is_text_in_one_of_two_files_is_text_in_both(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("code,other,y\n007,1,a\n012,2,b\nA1,3,a\n")
    test.write_text("code,other,y\n012,x,b\n007,04,a\n")
    config = CsvConfig(path=str(train), test_path=str(test), target="y")
    frame = load_table(config).frame
    assert frame["code"].tolist() == ["007", "012", "A1", "012", "007"]
    assert frame["other"].tolist() == ["1", "2", "3", "x", "04"]


def test_fingerprints_tell_values_names_and_dtypes_apart():
    frames = [
        pd.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"a": [1, 3]}),
        pd.DataFrame({"b": [1, 2]}),
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": [[1], [2]]}),
    ]
    assert len({fingerprint_values(frame) for frame in frames}) == len(frames)
    assert fingerprint_values(frames[0]) == fingerprint_values(
        frames[0].set_index(np.array([5, 6]))
    )
