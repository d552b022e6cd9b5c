import dataclasses

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
import sklearn.utils

from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.sources import CsvConfig, IrisConfig, MoonsConfig, OpenMLConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import Tables, cache, load_table, prepare
from nnexp.data.cache import _reading_key, source_key
from nnexp.data.draft import draft
from nnexp.data.labelled import read_labelled
from nnexp.errors import UserError

VARIANTS = [
    {},
    {"scaling": "robust"},
    {"missing": "none"},
    {"missing": "constant", "fill_value": 3.0},
    {"missing": "constant", "fill_value": 4.0},
    {"missing": "knn", "neighbors": 2},
    {"missing": "knn", "neighbors": 3},
    {"missing": "drop", "encoding": "embedding"},
    {"missing": "knn", "encoding": "ordinal", "min_frequency": 4},
    {"labels": "raw"},
    {"drop": ["a"], "numeric": ["c"]},
    {"missing_tokens": ["7"]},
    {"categorical": ["c"]},
    {"split": SplitConfig(folds=4, fold=0)},
    {"split": SplitConfig(folds=4, fold=3)},
    {"split": SplitConfig(method="group", by="c", folds=3, fold=1), "drop": ["b"]},
    {"sentinels": ["c=3"]},
    {"sentinels": ["c=3", "d=7"], "missing": "none"},
    {"duplicates": "drop"},
    {"duplicates": "drop", "drop": ["a", "c"]},
    {"duplicates": "drop", "drop": ["a", "c"], "sentinels": ["d=7"]},
    {"duplicates": "drop", "drop": ["a", "c"], "split": SplitConfig(method="column", by="p")},
    {"duplicates": "drop", "drop": ["a", "c"], "split": SplitConfig(method="column", by="q")},
    {"split": SplitConfig(method="column", by="q")},
    {"split": SplitConfig(method="column", by="r")},
    {"split": SplitConfig(test=0.3)},
    {"split": SplitConfig(test=0.3, valid=0.1)},
    {"split": SplitConfig(test=0.3, stratify=False)},
]


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    rows = 90
    frame = pd.DataFrame(
        {
            "a": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "b": rng.choice(["u", "v", "w", "x"], rows),
            "c": rng.integers(9, size=rows),
            "d": rng.choice(["1", "2", "7", ""], rows),
            "p": np.array(["test", "valid", "train"])[np.arange(rows) * 3 // rows],
            "q": np.array(["train", "test"])[np.arange(rows) * 3 // rows // 2],
            "r": np.array(["test", "train"])[np.arange(rows) // 2 % 2],  # as many train as q
            "y": np.where(np.arange(rows) == 5, None, np.arange(rows) % 2),
        }
    )
    frame.to_csv(tmp_path / "table.csv", index=False)
    return str(tmp_path / "table.csv")


@pytest.fixture
def loads(monkeypatch):
    """The configurations that a source was read for."""
    calls = []

    def counting(config):
        calls.append(config)
        return load_table(config)

    monkeypatch.setattr(cache, "load_table", counting)
    return calls


def same(one, two, folder):
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(two, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            assert left.tobytes() == right.tobytes()
        elif field.name != "preprocessor":
            assert left == right
    for name, data in (("one", one), ("two", two)):
        (folder / name).mkdir()
        data.preprocessor.save(folder / name)
    for file in (folder / "one").iterdir():
        assert file.read_bytes() == (folder / "two" / file.name).read_bytes()


def test_as_without_it_to_the_byte(path, tmp_path):
    tables = Tables()
    for seed in (0, 3):
        for place, options in enumerate(VARIANTS):
            config = CsvConfig(path=path, target="y", **options)
            folder = tmp_path / f"{seed} {place}"
            folder.mkdir()
            same(tables.prepare(config, seed), prepare(load_table(config), config, seed), folder)


def test_a_source_is_read_once(path, loads):
    tables = Tables()
    for options in VARIANTS:
        for seed in (0, 1):
            tables.prepare(CsvConfig(path=path, target="y", **options), seed)
    # as the file is, with a further missing token, and with c as written
    assert len(loads) == 3
    tables.prepare(MoonsConfig())
    tables.prepare(MoonsConfig(scaling="none", categorical=[]))
    tables.prepare(MoonsConfig(noise=0.3))
    assert len(loads) == 5


def test_a_split_is_drawn_once_whatever_becomes_of_its_numbers(monkeypatch):
    drawn = []

    def counting(labelled, config, seed, valid_seed):
        drawn.append(seed)
        return draft(labelled, config, seed, valid_seed)

    monkeypatch.setattr(cache, "draft", counting)
    tables = Tables()
    config = IrisConfig()
    parts = [tables.prepare(dataclasses.replace(config, scaling=s), 4) for s in ("none", "robust")]
    assert tables.draft(config, 4).shape.inputs == 4
    assert drawn == [4]
    assert np.array_equal(parts[0].valid, parts[1].valid)
    tables.prepare(dataclasses.replace(config, min_frequency=2), 4)
    assert drawn == [4, 4]


@pytest.mark.parametrize("options", VARIANTS)
def test_the_shape_is_known_without_the_dataset(path, options, monkeypatch):
    config, tables = CsvConfig(path=path, target="y", **options), Tables()
    with monkeypatch.context() as patch:
        patch.setattr(cache, "prepare_drafted", None)
        told = tables.draft(config, 1).shape
    found = tables.prepare(config, 1).shape
    for field in dataclasses.fields(found):
        assert np.array_equal(getattr(told, field.name), getattr(found, field.name)), field.name


def test_equal_choices_share_a_dataset(loads):
    tables = Tables()
    config = IrisConfig(split=SplitConfig(folds=3, fold=1))
    first = tables.prepare(config, 1)
    assert tables.prepare(dataclasses.replace(config, fill_value=0), 1) is first
    config.split.fold = 2  # a configuration that changes later is another one
    other = tables.prepare(config, 1)
    assert other is not first
    assert other.valid.tolist() != first.valid.tolist()
    assert tables.prepare(IrisConfig(split=SplitConfig(folds=3, fold=1)), 2) is not first
    assert len(loads) == 1


@pytest.mark.parametrize(
    "config",
    [
        CsvConfig(path="/no/such/table.csv", target="y"),
        IrisConfig(drop=["no column"]),
        IrisConfig(labels="raw"),
        IrisConfig(split=SplitConfig(folds=60, fold=0)),
    ],
    ids=["source", "columns", "labels", "split"],
)
def test_mistakes_are_remembered(config, loads):
    tables = Tables()
    caught = []
    for seed in (0, 0, 1):
        with pytest.raises(UserError) as info:
            tables.prepare(config, seed)
        caught.append(info.value)
    assert caught[0].args == caught[1].args == caught[2].args
    assert caught[0] is not caught[1]
    assert len(loads) == 1
    with pytest.raises(UserError) as info:
        prepare(load_table(config), config, 0)
    assert info.value.args == caught[0].args


class Recorder:
    """A configuration that notes which of its keys are read."""

    def __init__(self, config, read):
        self._config, self._read = config, read

    def __getattr__(self, name):
        self._read.add(name)
        value = getattr(self._config, name)
        return Recorder(value, set()) if dataclasses.is_dataclass(value) else value


class TestSourceKey:
    """What decides whether a source is read again is what reading it looks at."""

    @pytest.fixture
    def configs(self, path, tmp_path, monkeypatch):
        frame = pd.DataFrame({"a": [1.0, 2.0], "class": ["x", "y"]})
        bunch = sklearn.utils.Bunch(frame=frame, target=frame["class"])
        monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **options: bunch)
        for stem, magic, size in (("images", 0x803, (4, 2, 2)), ("labels", 0x801, (4,))):
            for part in ("train", "t10k"):
                head = np.array([magic, *size], dtype=">u4").tobytes()
                values = (np.arange(np.prod(size)) % 2).astype(np.uint8)
                name = f"{part}-{stem}-idx{len(size)}-ubyte"
                (tmp_path / name).write_bytes(head + values.tobytes())
        made = {name: schema() for name, schema in OPTIONS["data"].items()}
        made["csv"] = CsvConfig(path=path, target="y")
        made["csv with a test"] = CsvConfig(path=path, target="y", test_path=path)
        made["openml"] = OpenMLConfig(id=1)
        made["openml by name"] = OpenMLConfig(dataset="d")
        made["idx"] = OPTIONS["data"]["idx"](path=str(tmp_path))
        return made

    def test_is_what_is_read(self, configs):
        everywhere = {field.name for field in dataclasses.fields(OPTIONS["data"]["iris"])}
        for name, config in configs.items():
            read: set[str] = set()
            load_table(Recorder(config, read))
            assert "target" in read or name == "idx"
            for field in dataclasses.fields(config):
                if field.name == "split":
                    changed = dataclasses.replace(config, split=SplitConfig(by="other"))
                else:
                    changed = dataclasses.replace(config, **{field.name: "other"})
                differs = source_key(changed) != source_key(config)
                if field.name in read:
                    assert differs, (name, field.name)
                elif field.name in everywhere - {"drop", "split", "target"}:
                    assert not differs, (name, field.name)

    def test_a_test_file_may_lack_what_is_dropped(self, configs):
        read = configs["csv with a test"]
        for one, other, equal in (
            (read, dataclasses.replace(read, drop=["a"]), False),
            (read, dataclasses.replace(read, split=SplitConfig(by="a")), False),
            (read, dataclasses.replace(read, split=SplitConfig(valid=0.1)), True),
            (configs["csv"], dataclasses.replace(configs["csv"], drop=["a"]), True),
            (configs["csv"], dataclasses.replace(configs["csv"], test_path="a"), False),
            (configs["iris"], configs["wine"], False),
        ):
            assert (source_key(one) == source_key(other)) is equal


class TestReadingKey:
    """What decides whether cells are read again is what reading them looks at."""

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"duplicates": "drop"},
            {"duplicates": "drop", "split": SplitConfig(method="column", by="p")},
            {"duplicates": "drop", "split": SplitConfig(method="group", by="p")},
        ],
    )
    def test_is_what_is_read(self, path, options):
        config = CsvConfig(path=path, target="y", **options)
        table = load_table(config)
        read: set[str] = set()
        read_labelled(table, Recorder(config, read))
        assert {"labels", "sentinels", "duplicates"} <= read
        for field in dataclasses.fields(config):
            other = SplitConfig(method="column", by="q") if field.name == "split" else "other"
            changed = dataclasses.replace(config, **{field.name: other})
            differs = _reading_key(changed) != _reading_key(config)
            if field.name == "missing":
                assert not differs  # only none is read in another way
            elif field.name in read:
                assert differs, field.name
            else:
                assert not differs, field.name
        assert _reading_key(dataclasses.replace(config, missing="none")) != _reading_key(config)
        split = dataclasses.replace(config.split, valid=0.1, folds=3, fold=1)
        assert _reading_key(dataclasses.replace(config, split=split)) == _reading_key(config)
