"""Numbers as people write them, in files, in columns and in tables to predict."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp import UserError
from nnexp.cli import main
from nnexp.config.schema.sources import CsvConfig
from nnexp.data import Preprocessor, load_table, prepare
from nnexp.data.cells import read_numbers
from nnexp.data.delimited import COMMAS
from nnexp.data.dialect import Dialect
from nnexp.data.files import read_file
from nnexp.data.table import table_from_frame
from nnexp.data.written import parse_written, style_of

QUIET = ["trainer.progress=none", "trainer.tensorboard=false", "trainer.epochs=2"]


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("12", 12, 12),
        ("-0.5", -0.5, None),
        ("-0,5", None, -0.5),
        ("1,234", 1234, 1.234),
        ("1.234", 1.234, 1234),
        ("1,234,567.8", 1234567.8, None),
        ("1.234.567,8", None, 1234567.8),
        ("1 234\u00a0567", None, None),  # one mark parts all groups
        ("1 234 567", 1234567, 1234567),
        ("1'234.5", 1234.5, None),
        ("12,34,567", None, None),
        ("$ 1,000", 1000, 1),
        ("5 €", 5, 5),
        ("-$3", -3, -3),
        ("$-3", -3, -3),
        ("7.5%", 7.5, None),
        ("1e3", 1000, 1000),
        (".5", 0.5, None),
        ("1.", None, None),
        ("2020-01-02", None, None),
        ("", None, None),
        ("nan", None, None),
        ("95 m2", 95, 95),
        ('="12.5"', 12.5, None),
        ('="1.234,5"', None, 1234.5),
        ("(1,234.5)", -1234.5, None),
        ("12.5-", -12.5, None),
        ("\u221212.5", -12.5, None),
        ("-(12.5)", None, None),
        ("12-13", None, None),
        ("(12", None, None),
        ("1,200.5kWh", 1200.5, None),
        ("36.6 °C", 36.6, None),
        ("12a", None, None),
        ("5more", None, None),
        ("3 B", None, None),
        ("m2", None, None),
        ("95 m2 or so", None, None),
    ],
)
def test_what_a_text_is(text, point, comma):
    assert parse_written(text, "point") == point
    assert parse_written(text, "comma") == comma


def test_the_style_of_a_column():
    assert style_of(["1,234", "5"]) == "point"
    assert style_of(["0,5", "7"]) == "comma"
    assert style_of(["95 m2", "80"]) == "point"
    assert style_of(["5 kg", "12 lb"]) == ""
    assert style_of(["1,5", "1.5"]) == style_of(["x"]) == style_of([]) == ""


def test_thousands_are_no_decimals(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n1,234;1,234;0,125\n567;2,500;0,250\n")
    frame = read_file(path, Dialect(";"))
    assert frame["a"].tolist() == ["1,234", "567"]  # it may be either
    assert frame["b"].tolist() == ["1,234", "2,500"]  # so may this
    assert frame["c"].tolist() == [0.125, 0.25]
    assert frame.attrs[COMMAS] == ["c"]
    path.write_text("a;b;c\n1,234;1,234;1,125\n")
    frame = read_file(path, Dialect(";", commas=["c"]))  # as the file before
    assert frame["c"].tolist() == [1.125]
    assert frame["a"].tolist() == ["1,234"]


THOUSANDS = [f"{n:,}".replace(",", ".") for n in (*range(100, 3_000_000, 49_999), 7, 81, 999)]


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (THOUSANDS, "'1.000.080'; data.decimal=comma reads them"),
        ([t for t in THOUSANDS if t.count(".") < 2], "thousands or decimals"),
        ([t for t in THOUSANDS if t.count(".") == 1], ""),  # three decimals, for all one knows
        (["0.125", *[t for t in THOUSANDS if t.count(".") < 2]], ""),
        ([t[:-1] if t.count(".") == 1 else t for t in THOUSANDS if t.count(".") < 2], ""),
    ],
)
def test_points_that_part_thousands_are_no_decimals(tmp_path, cells, told, separator):
    path = tmp_path / "t.csv"
    rows = [f"{cell}{separator}{n % 7}{separator}{'ab'[n % 2]}" for n, cell in enumerate(cells * 3)]
    path.write_text("\n".join([separator.join("vwy"), *rows]) + "\n")
    config = CsvConfig(path=str(path), target="y", separator=separator)
    lines = [own for own in prepare(load_table(config), config).messages if "column v" in own]
    if (
        separator == "," and "decimals" in told
    ):  # who parts cells by commas parts decimals by points
        told = ""
    assert [told in own for own in lines] == [True] * bool(told)
    read = CsvConfig(path=str(path), target="y", separator=separator, decimal="comma")
    dataset = prepare(load_table(read), read)
    values = read_numbers(load_table(read).frame["v"], decimal="comma")
    if told:
        assert not [own for own in dataset.messages if "column v" in own]
        assert values.values.tolist() == [float(cell.replace(".", "")) for cell in cells * 3]


@pytest.mark.parametrize(
    "levels",
    [
        ["100.200.300", "100.200.301", "101.200.300", "7"],  # articles
        [f"({code})" for code in range(201, 240)],  # area codes
        ["1", "1-", "2", "2-", "3", "3-"],  # grades
    ],
)
@pytest.mark.parametrize("decimal", ["auto", "point"])
def test_codes_are_categories(levels, decimal):
    frame = pd.DataFrame({"v": (levels * 70)[:200], "w": np.arange(200)})
    frame["y"] = ["a", "b"] * 100
    config = CsvConfig(target="y", decimal=decimal)
    dataset = prepare(table_from_frame(frame, "y", "t"), config)
    assert [own.name for own in dataset.preprocessor.categories] == ["v"]


@pytest.mark.parametrize(
    ("form", "decimal"),
    [("({:,.2f})", "point"), ("(${:,.2f})", "point"), ("{:.2f}-", "point"), ("{:.2f}-", "comma")],
)
def test_accounts_that_are_all_below_0_are_numbers(form, decimal):
    amounts = np.random.default_rng(0).uniform(1, 5000, 200)
    written = [form.format(own) for own in amounts]
    if decimal == "comma":
        written = [own.replace(".", ",") for own in written]
    frame = pd.DataFrame({"v": written, "w": np.arange(200), "y": ["a", "b"] * 100})
    table = table_from_frame(frame, "y", "t")
    assert prepare(table, CsvConfig(target="y", decimal=decimal)).features[0] == "v"
    (line,) = [own for own in prepare(table, CsvConfig(target="y")).messages if "column v" in own]
    assert f"data.decimal={decimal} reads them" in line


def test_few_prices_with_thousands_are_no_decimals(tmp_path):
    prices = ["500", "750", "1.000", "1.250", "1.500", "2.000", "2.500", "3.000"]
    rows = [f"{prices[n % 8]};{n};{'ab'[n % 3 > 0]}" for n in range(160)]
    (tmp_path / "t.csv").write_text("\n".join(["price;w;y", *rows]) + "\n")
    config = CsvConfig(path=str(tmp_path / "t.csv"), target="y", separator=";")
    (line,) = [own for own in prepare(load_table(config), config).messages if "price" in own]
    assert "thousands or decimals" in line


def test_accounts_are_numbers_beside_others():
    values = np.random.default_rng(0).normal(0, 100, 200).round(2)
    written = [f"({-v})" if v < 0 else str(v) for v in values]
    frame = pd.DataFrame({"v": written, "w": values > 3, "y": ["a", "b"] * 100})
    config = CsvConfig(target="y", decimal="point")
    dataset = prepare(table_from_frame(frame, "y", "t"), config)
    assert dataset.features[0] == "v"
    assert np.allclose(
        dataset.x[:, 0],
        (values - values[dataset.train].mean()) / values[dataset.train].std(),
        atol=1e-4,
    )
    plain = pd.DataFrame({"v": [f"{n / 64}" for n in range(200)], "y": ["a", "b"] * 100})
    table = table_from_frame(plain, "y", "t")
    with pytest.raises(UserError) as caught:
        prepare(table, CsvConfig(target="y", decimal="comma"))
    assert caught.value.remedy == "data.decimal=point"


def test_what_the_other_style_reads_is_not_offered_in_turn(tmp_path):
    frame = pd.DataFrame(
        {"euro": [f"{n},5" for n in range(60)], "b": [f"{n}.25" for n in range(60)]}
    )
    frame["y"] = ["a", "b"] * 30
    frame.to_csv(tmp_path / "t.csv", sep=";", index=False)
    config = CsvConfig(path=str(tmp_path / "t.csv"), target="y", separator=";", decimal="comma")
    lines = [own for own in prepare(load_table(config), config).messages if "column b" in own]
    assert "which data.decimal=comma does not read" in lines[0]
    assert "data.decimal=point" not in lines[0]


def test_thousands_or_decimals_are_asked_for(tmp_path):
    values = np.arange(1000, 90_000, 700)
    frame = pd.DataFrame({"price": [f"{value:,}" for value in values], "x": values % 30})
    frame["y"] = np.where(values > 20_000, "hi", "lo")
    frame.to_csv(tmp_path / "t.csv", sep=";", index=False)
    config = CsvConfig(path=str(tmp_path / "t.csv"), target="y", separator=";")
    (line,) = [own for own in prepare(load_table(config), config).messages if "price" in own]
    assert "numbers written like '1,000', thousands or decimals" in line
    assert "data.decimal=comma or data.decimal=point reads them" in line


def test_further_files_have_the_decimal_commas_of_the_first(tmp_path):
    path, more = tmp_path / "t.csv", tmp_path / "more.csv"
    rows = [f"{value / 8};{value % 3};{'hi' if value > 60 else 'lo'}" for value in range(100)]
    path.write_text("\n".join(["v;w;y", *rows]).replace(".", ",") + "\n")
    config = CsvConfig(path=str(path), target="y", separator=";")
    fitted = prepare(load_table(config), config).preprocessor
    assert fitted.commas == ("v",)
    fitted.save(tmp_path)
    more.write_text("v;w\n1,234;0\n")
    again = Preprocessor.load(tmp_path)
    assert again.read(more, Dialect(";"))["v"].tolist() == [1.234]
    state = json.loads((tmp_path / "preprocess.json").read_text())
    del state["commas"]  # as older runs have it: thousands or decimals, nobody knows
    (tmp_path / "preprocess.json").write_text(json.dumps(state))
    older = Preprocessor.load(tmp_path)
    frame = older.read(more, Dialect(";"))
    with pytest.raises(UserError, match="holds '1,234', and no number in any row"):
        older.transform(frame)


def test_points_part_groups_where_commas_part_decimals(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1.234;1\n2.500;2\n")
    assert read_file(path, Dialect(";"))["a"].tolist() == [1.234, 2.5]
    frame = read_file(path, Dialect(";", decimal="comma"))
    assert frame["a"].tolist() == ["1.234", "2.500"]  # texts, which cells are read from
    assert frame["b"].tolist() == [1, 2]


@pytest.mark.parametrize(("decimal", "form"), [("point", "${:,.2f}"), ("comma", "{:,.2f} €")])
def test_from_the_command_to_predictions(decimal, form, tmp_path, capsys):
    values = np.linspace(-9e4, 9e4, 120)
    texts = [form.format(value) for value in values]
    if decimal == "comma":
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    plain = pd.DataFrame({"v": values.round(2), "y": np.where(values > 0, "up", "down")})
    plain.to_csv(tmp_path / "plain.csv", index=False)
    plain.assign(v=texts).to_csv(tmp_path / "written.csv", index=False)
    runs = {}
    for name, more in {"plain": [], "written": [f"data.decimal={decimal}"]}.items():
        path = tmp_path / f"{name}.csv"
        words = ["data=csv", f"data.path={path}", "data.target=y", *more, *QUIET]
        runs[name] = nnexp.run([*words, f"hydra.run.dir={tmp_path / name}"])
    tables = {}
    for name, done in runs.items():
        capsys.readouterr()
        command = f"nnexp predict {done.folder} {tmp_path / name}.csv"
        assert main(shlex.split(command)[1:]) == 0
        tables[name] = capsys.readouterr().out
    assert tables["plain"] == tables["written"]
    model = nnexp.load(runs["written"].folder)
    assert (
        model.predict(plain[["v"]]).tolist() == model.predict(pd.DataFrame({"v": texts})).tolist()
    )


def test_a_column_with_a_unit(tmp_path):
    rng = np.random.default_rng(0)
    area = rng.normal(90, 20, 400).round(1)
    frame = pd.DataFrame({"x": rng.normal(size=400), "label": area > 90})
    some = rng.random(400) < 0.6
    frame["area"] = [
        f"{own} m2" if unit else str(own) for own, unit in zip(area, some, strict=True)
    ]
    frame["mixed"] = [
        f"{own} {'kg' if unit else 'lb'}" for own, unit in zip(area, some, strict=True)
    ]
    path = tmp_path / "homes.csv"
    frame.to_csv(path, index=False)
    words = ["data=csv", f"data.path={path}", "data.target=label", *QUIET]
    said = (nnexp.run(words, root=tmp_path).folder / "train.log").read_text()
    assert "dropped column area: numbers written like" in said
    run = nnexp.run([*words, "data.decimal=point", "trainer.epochs=20"], root=tmp_path)
    said = (run.folder / "train.log").read_text()
    assert "2 numeric: x, area" in said
    assert "dropped column mixed" in said  # pounds are no kilograms
    assert run.metrics["val"]["accuracy"] > 0.9
    new = pd.DataFrame({"x": [0.0, 0.0], "area": ["150 m2", "20"], "mixed": ["1 kg", "1 kg"]})
    assert list(nnexp.load(run.folder).predict(new)) == [True, False]
