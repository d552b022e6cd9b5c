"""Made-up CSV files of any content give a Dataset or a UserError, and nothing else."""

import json
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import Preprocessor, load_table, prepare
from nnexp.errors import UserError

CELLS = st.one_of(
    st.sampled_from(["", "?", "NA", " a", "b", "1", "2.5", "-3e8", "inf", "1e400", "True", "07"]),
    st.sampled_from(["2020-01-02", "2007-11-6", "12:30", '"x, y"', '"a\nb"', "nan", "0x10", '"']),
    st.text(st.characters(codec="utf-8"), max_size=4),
    st.integers(-5, 5).map(str),
)
OPTIONS = st.fixed_dictionaries(
    {
        "scaling": st.sampled_from(["standard", "minmax", "robust", "quantile", "none"]),
        "missing": st.sampled_from(
            ["mean", "median", "constant", "knn", "iterative", "drop", "embedding", "none"]
        ),
        "encoding": st.sampled_from(["onehot", "ordinal", "embedding"]),
        "indicator": st.booleans(),
        "min_frequency": st.integers(1, 3),
        "labels": st.sampled_from(["auto", "raw"]),
    }
)

SPLITS = st.sampled_from([{"valid": 0}, {"valid": 0.2}, {"folds": 2, "fold": 1}])


@st.composite
def tables(draw):
    width, rows = draw(st.integers(1, 4)), draw(st.integers(0, 25))
    pools = [draw(st.lists(CELLS, min_size=1, max_size=6)) for _ in range(width)]
    lines = [[draw(st.sampled_from(pool)) for pool in pools] for _ in range(rows)]
    labels = [draw(st.sampled_from(["yes", "no"])) for _ in range(rows)]
    header = ",".join([*(f"c{place}" for place in range(width)), "label"])
    body = [",".join([*line, label]) for line, label in zip(lines, labels, strict=True)]
    return "\n".join([header, *body]) + "\n"


@settings(
    max_examples=120,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(text=tables(), options=OPTIONS, split=SPLITS, seed=st.integers(0, 9))
def test_tables_of_any_kind(text, options, split, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.encode())
        config = CsvConfig(path=str(path), target="label", split=SplitConfig(**split), **options)
        try:
            table = load_table(config)
            data = prepare(table, config, seed)
        except UserError as error:
            lines = error.args
        else:
            check(table, config, data, folder)
            return
        assert all(line and "\n" not in line for line in lines)


def check(table, config, data, folder):
    json.dumps([data.summary, data.messages])
    assert np.isfinite(data.x).all() or config.missing == "none"
    parts = np.concatenate([data.train, data.valid, data.test])
    if config.split.folds is None:
        assert np.sort(parts).tolist() == list(range(len(data.x)))
    assert len(set(parts)) == len(parts) >= len(data.x) - 1
    if data.codes is not None:
        assert (data.codes >= 0).all()
        assert (data.codes <= np.array(data.levels)).all()
    data.preprocessor.save(folder)
    again = Preprocessor.load(folder).transform(table.frame.iloc[data.rows])
    np.testing.assert_array_equal(again.x, data.x[: len(again.x)])
