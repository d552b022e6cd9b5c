import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from nnexp.config.compose import compose
from nnexp.data import load_table, read_file
from nnexp.data.dialect import Dialect
from nnexp.errors import UserError

CSV = "a,b,c\n1,x,0.5\n2,y,?\n"
ROWS = {"a": [1, 2], "b": ["x", "y"]}


def write(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path, *words, **options):
    with pytest.raises(UserError) as caught:
        read_file(path, **options)
    error = caught.value
    for line in (error.wrong, error.allowed, error.remedy):
        assert line
        assert "\n" not in line
    for word in words:
        assert word in error.wrong, error.wrong
    return error


REPORT = "Export aus SAP;;\nStand: 01.02.2023;;\nmath;read;track\n49.0;57.0;B\n50;51;A\n"


def test_the_title_of_a_report_above_the_table_is_cut_off(tmp_path):
    error = refused(write(tmp_path, REPORT), "begins with", dialect=Dialect(separator=";"))
    assert "tail -n +3 " in error.remedy
    assert "data.separator=" in error.remedy


def test_names_of_which_one_is_missing_are_no_title(tmp_path):
    error = refused(write(tmp_path, ",name,town\n0,Ann,Rome\n"), "column 1 of 3 has no name")
    assert "tail" not in error.remedy


@pytest.mark.parametrize(
    ("typed", "beside", "remedy"),
    [
        ("tabel.csv", ["table.csv", "other.csv"], "data.path={}/table.csv"),
        ("nix.csv", ["table.csv", "x08.csv"], "ls {}"),  # nothing like it
        ("nix.csv", ["table.csv"], "data.path={}/table.csv"),  # the only one
        ("nix.csv", [], "data.path=/path/of/your/file"),
    ],
)
def test_a_file_that_is_not_there_is_answered_with_one_of_a_like_name(
    tmp_path, typed, beside, remedy
):
    for name in beside:
        write(tmp_path, CSV, name)
    error = refused(tmp_path / typed, "there is no such file")
    assert error.remedy == remedy.format(tmp_path)


def check(frame):
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame[["a", "b"]].to_dict("list") == ROWS
    assert frame["c"].isna().tolist() == [False, True]


def test_numbers_texts_and_missing_cells(tmp_path):
    frame = read_file(write(tmp_path, CSV))
    check(frame)
    assert frame["a"].dtype == "int64"
    assert frame["c"].dtype == "float64"


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
def test_compressed(tmp_path, ending, pack):
    check(read_file(write(tmp_path, pack(CSV.encode()), f"table.csv{ending}")))
    tabs = CSV.replace(",", "\t").encode()
    check(read_file(write(tmp_path, pack(tabs), f"table.tsv{ending}")))
    refused(write(tmp_path, pack(CSV.encode())[:-9], f"cut.csv{ending}"), "cut.csv")
    refused(write(tmp_path, b"no such thing", f"bad.csv{ending}"), "cannot be decompressed")


def test_zip_holds_one_table(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.tsv", CSV.replace(",", "\t"))
    check(read_file(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", CSV)
    refused(path, "holds 2 files")


def test_binary_formats(tmp_path):
    frame = pd.DataFrame({**ROWS, "c": [0.5, None]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    feather.write_feather(frame, tmp_path / "t.arrow")
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(tmp_path / "s.arrow", table.schema) as stream:
        stream.write_table(table)
    for name in ("t.parquet", "t.feather", "t.arrow", "s.arrow"):
        check(read_file(tmp_path / name))
        refused(write(tmp_path, (tmp_path / name).read_bytes()[:40], f"bad{name}"), "is no")


def test_a_named_index_becomes_a_column(tmp_path):
    frame = pd.DataFrame(ROWS, index=pd.Index([7, 8], name="key"))
    frame.to_parquet(tmp_path / "t.parquet")
    assert list(read_file(tmp_path / "t.parquet").columns) == ["key", "a", "b"]
    frame.rename_axis(None).to_parquet(tmp_path / "t.parquet")
    assert list(read_file(tmp_path / "t.parquet").columns) == ["a", "b"]


def test_a_name_that_two_columns_of_a_binary_file_have(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame(ROWS, index=pd.Index([7, 8], name="a")).to_parquet(path)
    refused(path, "more than one column, or one and the index, is named 'a'")
    twice = pa.table([pa.array([1]), pa.array([2])], names=["b", "b"])
    parquet.write_table(twice, path)
    refused(path, "is named 'b'")


@pytest.mark.parametrize("separator", [";", "|", " ", "tab", "\\t"])
def test_separator(tmp_path, separator):
    char = "\t" if separator in ("tab", "\\t") else separator
    check(read_file(write(tmp_path, CSV.replace(",", char), "t.txt"), Dialect(separator)))


def test_separator_is_one_character(tmp_path):
    refused(write(tmp_path, CSV), "data.separator=';;'", dialect=Dialect(";;"))


def test_wrong_separator_is_noticed(tmp_path):
    error = refused(write(tmp_path, CSV.replace(",", ";")), "one column")
    assert error.remedy == "'data.separator=\";\"'"


@pytest.mark.parametrize(
    ("text", "line", "cells"),
    [
        ("a,b\n1,2,3\n4,5,6\n", 2, 3),
        ("a,b\n1,2\n4,5,6\n", 3, 3),
        ("a,b\n1,2\n3\n", 3, 1),
        ('a,b\n1,"x\ny"\n\n4\n', 5, 1),
    ],
)
def test_ragged_rows_name_their_line(tmp_path, text, line, cells):
    refused(
        write(tmp_path, text),
        f"line {line}:",
        f"{cells} cell{'s' * (cells > 1)} where the header has 2",
    )


@pytest.mark.parametrize(("mark", "named"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_another_separator_is_named_though_the_header_has_a_comma(tmp_path, mark, named):
    rows = [("age", "income", '"a, b"'), ("1", "2", "3"), ("4", "5", "6")]
    text = "".join(mark.join(row) + "\n" for row in rows)
    with pytest.raises(UserError, match="1 cell where the header has 2") as told:
        read_file(write(tmp_path, text))
    assert "data.separator=" in told.value.remedy
    assert named.strip("'") in told.value.remedy


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "a,b", "a,b\n"])
def test_nothing_to_read(tmp_path, text):
    refused(write(tmp_path, text), "table.csv")


def test_a_separator_at_the_end_of_each_line_makes_no_column(tmp_path):
    frame = read_file(write(tmp_path, "a,b,\n1,x,\n2,y,\n"))
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"].tolist() == [1, 2]
    refused(write(tmp_path, "a,b,\n1,x,\n2,y,7\n"), "column 3 of 3 has no name")
    refused(write(tmp_path, "a,,b\n1,,x\n"), "column 2 of 3 has no name")


def test_header_names_are_whole_and_distinct(tmp_path):
    refused(write(tmp_path, "a, a\n1,2\n"), "more than one column is named 'a'")
    refused(write(tmp_path, ",a\n1,2\n"), "column 1 of 2 has no name")
    assert list(read_file(write(tmp_path, " a ,b\n1,2\n")).columns) == ["a", "b"]


def test_encodings(tmp_path):
    refused(write(tmp_path, "a,b\n1,é\n".encode("latin-1")), "not UTF-8")
    refused(write(tmp_path, "é,b\n1,2\n".encode("latin-1")), "not UTF-8")
    refused(write(tmp_path, "a,b\n1,2\n".encode("utf-16")), "not UTF-8")
    packed = gzip.compress("a,b\n1,é\n".encode("latin-1"))
    error = refused(write(tmp_path, packed, "table.csv.gz"), "not UTF-8")
    path = tmp_path / "table.csv.gz"
    wanted = f"gunzip -c {path} | iconv -f latin1 -t utf-8 > {tmp_path / 'utf8-table.csv'}"
    assert error.remedy == wanted
    assert read_file(write(tmp_path, "\ufeffa,b\n1,é\n"))["b"].tolist() == ["é"]
    assert read_file(write(tmp_path, "a,b\r1,2\r3,4\r"))["b"].tolist() == [2, 4]


def test_quotes(tmp_path):
    frame = read_file(write(tmp_path, 'a,b\n"x, y","q ""q"""\n"two\nlines",5" wide\n'))
    assert frame.to_dict("list") == {"a": ["x, y", "two\nlines"], "b": ['q "q"', '5" wide']}
    refused(write(tmp_path, 'a,b\n1,"2\n3,4\n5,6\n'), "never closed")


def test_dates_truth_values_and_asked_columns_stay_as_written(tmp_path):
    text = "d,t,b,z\n2020-01-02,12:30,True,007\n2020-01-03,1:30,False,08\n"
    frame = read_file(write(tmp_path, text), text=["z"])
    assert frame["d"].tolist() == ["2020-01-02", "2020-01-03"]
    assert frame["t"].tolist() == ["12:30", "1:30"]
    assert frame["b"].tolist() == ["True", "False"]
    assert frame["z"].tolist() == ["007", "08"]


def test_missing_tokens(tmp_path):
    frame = read_file(write(tmp_path, "a,b\n1,-9\n ?,2\n"), missing_tokens=["-9"])
    assert frame.isna().to_numpy().tolist() == [[False, True], [True, False]]


def test_odd_numbers(tmp_path):
    frame = read_file(write(tmp_path, "a,b\n1e400,123456789012345678901234567890\n1,2\n"))
    assert frame["a"].tolist() == [float("inf"), 1]
    assert frame["b"].tolist() == [1.2345678901234568e29, 2]


def test_places_that_are_no_table(tmp_path):
    write(tmp_path, CSV, "titanic.csv")
    error = refused(tmp_path / "titanik.csv", "no such file")
    assert error.remedy.endswith("titanic.csv")
    refused(tmp_path, "is a folder")
    refused("https://example.org/table.csv", "is an address")
    refused(write(tmp_path, CSV, "table.xlsx"), "is a spreadsheet")
    refused(write(tmp_path, CSV, "table.doc"), "does not end like a table")
    error = refused(write(tmp_path, CSV, "table"), "does not end like a table")
    assert error.remedy.startswith("mv ")
    assert error.remedy.endswith("table.csv")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("a b c\n1 2 3\n", '" "'),
        ("a;b\n1,5;2\n", '";"'),
        ("a\tb\n1\t2\n", "tab"),
    ],
)
def test_the_separator_proposed_is_the_one(tmp_path, text, typed):
    path = write(tmp_path, text)
    error = refused(path, "one column")
    assert error.remedy.strip("'") == f"data.separator={typed}"
    assert len(read_file(path, Dialect(typed.strip(chr(34)))).columns) > 1


def test_a_name_with_blanks_is_one_column(tmp_path):
    path = write(tmp_path, "sepal length\n1.5\n")
    assert list(read_file(path).columns) == ["sepal length"]


def test_decimal_commas(tmp_path):
    path = write(tmp_path, "a;b;c;d\n1,5;x;1,2;3\n-2;y;1,2,3;?\n")
    frame = read_file(path, Dialect(";"))
    assert frame["a"].tolist() == [1.5, -2.0]
    assert frame["c"].tolist() == ["1,2", "1,2,3"]
    assert read_file(path, Dialect(";"), text=["a"])["a"].tolist() == ["1,5", "-2"]


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (gzip.compress(CSV.encode(), mtime=0), "table.csv.gz"),
        (bz2.compress(CSV.encode()), "table.csv.bz2"),
        (b"PAR1\xff", "table.parquet"),
        (CSV.encode("utf-16"), "utf8-table.csv"),
    ],
)
def test_text_that_is_none_is_told_by_its_first_bytes(tmp_path, data, remedy):
    error = refused(write(tmp_path, data))
    assert error.remedy.endswith(remedy)
    assert ("utf-16" in error.remedy) == ("utf8" in remedy)


def test_a_zip_of_a_mac_has_one_table(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", CSV)
        archive.writestr("__MACOSX/._table.csv", "x")
    assert read_file(path)["a"].tolist() == ROWS["a"]


def test_a_folder_is_answered_with_a_table_in_it(tmp_path):
    path = write(tmp_path, CSV)
    assert refused(tmp_path).remedy == f"data.path={path}"


def test_a_file_without_a_header(tmp_path):
    text = "5.1,3.5,a\n4.9,,b\n"
    for pack, ending in ((str, ""), (lambda text: gzip.compress(text.encode()), ".gz")):
        frame = read_file(write(tmp_path, pack(text), f"table.csv{ending}"), Dialect(header=False))
        assert list(frame.columns) == ["x1", "x2", "x3"]
        assert frame["x1"].tolist() == [5.1, 4.9]
        assert frame["x2"].isna().tolist() == [False, True]
        assert frame["x3"].tolist() == ["a", "b"]
    path = write(tmp_path, "1;2,5;x\n3;4,5;y\n")
    frame = read_file(path, Dialect(";", False), text=["x1"])
    assert frame.to_dict("list") == {"x1": ["1", "3"], "x2": [2.5, 4.5], "x3": ["x", "y"]}
    with pytest.raises(UserError, match="line 2: 2 cells"):
        read_file(write(tmp_path, "1,2,3\n4,5\n"), Dialect(header=False))


@pytest.mark.parametrize("line", ["5.1,3.5,1.4,0.2,setosa", "0,0,1,x", "7,,3,x"])
def test_a_first_line_of_cells_is_answered_with_what_reads_it(tmp_path, line):
    path = write(tmp_path, f"{line}\n{line}\n")
    with pytest.raises(UserError) as caught:
        load_table(compose(["data=csv", f"data.path={path}", "data.target=species"]).data)
    assert caught.value.remedy == f"data.header=false data.target=x{line.count(',') + 1}"


@pytest.mark.parametrize(
    "line",
    [
        "2019,2020,2021,y",
        "404,403.5,403,402.5,402,401.5,401,400.5,y",
        "0,1,2,y",
        "a,b,1,c",
        "true,false,y",
        "inf,1,2,y",
        "5.1,0.2,3.5,specis",
    ],
)
def test_numbers_may_be_names(tmp_path, line):
    path = write(tmp_path, f"{line}\n{line}\n")
    with pytest.raises(UserError) as caught:
        load_table(compose(["data=csv", f"data.path={path}", "data.target=species"]).data)
    assert "header" not in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.npz", "arrays of numpy"),
        ("x.JSON", "JSON"),
        ("x.json.gz", "JSON"),
        ("x.pkl", "a pickle"),
        ("x.sav", "SPSS"),
        ("x.sqlite", "a database"),
    ],
)
def test_a_table_of_another_program_is_saved_by_it(tmp_path, name, kind):
    data = gzip.compress(b"[]") if name.endswith(".gz") else b"[]"
    error = refused(write(tmp_path, data, name), kind)
    assert error.remedy == f"data.path={tmp_path}/x.csv"
    assert "saved as CSV or Parquet" in error.allowed


def test_what_is_proposed_for_a_table_of_another_program_reads_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1, 2], "y": ["p", "q"]})
    frame.to_json("j.json")
    frame.to_json("l.jsonl.gz", orient="records", lines=True)
    frame.to_pickle("p.pkl")
    frame.to_stata("s.dta", write_index=False)
    np.savez("n.npz", X=[[1.0], [2.0]], y=["p", "q"])
    np.save("m.npy", np.ones((2, 2)))
    for name in ("j.json", "l.jsonl.gz", "p.pkl", "s.dta", "n.npz", "m.npy"):
        error = refused(tmp_path / name)
        exec(error.allowed.partition("in Python by ")[2], {"pandas": pd, "numpy": np})
        assert len(read_file(error.remedy.partition("=")[2])) == 2


@pytest.mark.parametrize("path", ["x" * 300 + ".csv", "/".join(["y" * 200] * 40) + ".csv"])
def test_a_path_that_cannot_be_one(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(refused(path, "cannot be read").wrong) < 300


@pytest.mark.parametrize(
    "data", [b"a" * 200_000 + b",y\n1,2\n", b"\0" * 300_000, b'"a,y\n' + b"1,2\n" * 50_000]
)
def test_a_header_of_no_end(tmp_path, data):
    refused(write(tmp_path, data, "t.csv"), "the header is no line of names")


def test_files_of_the_system_are_not_read(tmp_path):
    for path in ("/proc/self/status", "/proc/kmsg", "/sys/kernel/uevent_seqnum"):
        link = tmp_path / "t.csv"
        if not Path(path).exists():
            continue
        link.symlink_to(path)
        for own in (path, link):
            refused(own, "is the system's own")
        link.unlink()


def test_a_file_of_holes_is_not_read(tmp_path):
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.write(b"a,y\n1,2\n")
        file.truncate(2 << 30)
    if path.stat().st_blocks * 512 > 1 << 20:
        pytest.skip("a file system without holes")
    refused(path, "most of which were never written")


def test_a_file_larger_than_the_memory_is_not_read(tmp_path, monkeypatch):
    path = write(tmp_path, b"a,y\n1,2\n3,4\n", "t.csv")
    monkeypatch.setattr("nnexp.data.content.LARGE", 4)
    assert len(read_file(path)) == 2
    monkeypatch.setattr("nnexp.data.content.free_memory", lambda: 10)
    refused(path, "of the memory are free")
