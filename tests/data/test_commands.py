"""What is proposed for a file works in a shell, whatever its name, and overwrites nothing."""

import gzip
import io
import shlex
import shutil
import subprocess
import tarfile
import zipfile

import pandas as pd
import pytest

from nnexp.config.shell import free
from nnexp.data.content import read_content
from nnexp.data.dialect import Dialect
from nnexp.data.files import read_file
from nnexp.errors import UserError

CSV = "a,b\n1,x\n2,y\n"
NAMES = ["t.csv", "it's $(a) b.csv"]


def refused(path):
    with pytest.raises(UserError) as caught:
        read_file(path)
    return caught.value.remedy


def run(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        ("a,b\n1,é\n".encode("latin1"), ".csv"),
        (gzip.compress("a,b\n1,é\n".encode("latin1"), mtime=0), ".csv.gz"),
        (gzip.compress(CSV.encode(), mtime=0), ".csv"),
        (CSV.encode(), ""),
        (CSV.encode(), ".data"),
    ],
)
def test_files_are_mended_beside_what_is_there(tmp_path, name, there, data, suffix):
    path = tmp_path / name.replace(".csv", suffix)
    path.write_bytes(data)
    others = [path.with_name(f"utf8-{path.name.removesuffix('.gz')}"),
              path.with_name(f"{path.name}.csv"), path.with_name(f"{path.name}.gz")]  # fmt: skip
    for other in others if there else ():
        other.write_text("kept")
    before = set(tmp_path.iterdir())
    run(refused(path))
    (made,) = set(tmp_path.iterdir()) - before
    assert list(read_file(made).columns) == ["a", "b"]
    assert not there or [other.read_text() for other in others] == ["kept"] * 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_a_line_is_shown(tmp_path, name, pack):
    path = tmp_path / (name if pack is str.encode else f"{name}.gz")
    path.write_bytes(pack("a,b\n1,x\n2\n"))
    assert run(refused(path)) == "2\n"
    path.write_bytes(pack("a,\n1,x\n"))
    assert run(refused(path)) == "a,\n"


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("sep=;\na;b\n1;x\n2;y\n", ";"),
        ("SEP=\t\r\na\tb\r\n1\tx\r\n", "\t"),
        ("\ufeffsep=,\na,b\n1,x\n", None),
        ("# made by a program, on a day, in a year\n# more\na,b\n1,x\n", None),
        ("# a comment\na,b\n1,x\n", None),
    ],
)
def test_lines_above_the_table(tmp_path, text, separator, pack):
    path = tmp_path / ("t 1.csv" if pack is str.encode else "t 1.csv.gz")
    path.write_bytes(pack(text))
    remedy = refused(path)
    run(remedy)
    words = shlex.split(remedy.partition("# then ")[2])
    made = tmp_path / "table-t 1.csv"
    assert words[0] == f'data.path="{made}"'
    assert (len(words) > 1) == (separator is not None)
    assert list(read_file(made, Dialect(separator)).columns) == ["a", "b"]


def test_a_header_may_begin_with_a_hash(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("#a,b\n1,x\n")
    assert list(read_file(path).columns) == ["#a", "b"]


def test_a_free_name(tmp_path):
    path = tmp_path / "t.csv"
    for name in ("t.csv", "2-t.csv"):
        assert free(path) == tmp_path / name
        (tmp_path / name).touch()
    assert free(path) == tmp_path / "3-t.csv"


def test_a_path_is_an_override_that_can_be_typed(tmp_path):
    (tmp_path / "it's a table.csv").write_text(CSV)
    with pytest.raises(UserError) as caught:
        read_content(tmp_path / "its a table.csv")
    (word,) = shlex.split(caught.value.remedy)
    assert word == f'data.path="{tmp_path}/it\'s a table.csv"'


@pytest.mark.skipif(shutil.which("unzip") is None, reason="there is no unzip")
@pytest.mark.parametrize("inner", ["sub.parquet", "folder/sub.parquet", "sub.dat", "sub"])
def test_an_archive_of_something_else_is_unpacked(tmp_path, inner):
    path, table = tmp_path / "sub.csv.zip", tmp_path / "table"
    pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(table)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inner, table.read_bytes() if "parquet" in inner else CSV)
    command, _, word = refused(path).partition("  # then data.path=")
    run(command)
    assert list(read_file(word).columns) == ["a", "b"]


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".TAR.bz2", ".txz"])
@pytest.mark.parametrize(
    ("inner", "made"),
    [("t.csv", "2-t.csv"), ("./sub dir/t.csv", "2-t.csv"), ("a/adult.data", "adult.data.csv")],
)
def test_the_table_of_an_archive_is_taken_out(tmp_path, ending, inner, made):
    (tmp_path / "t.csv").write_text("kept")
    path = tmp_path / f"it's a pack{ending}"
    kind = {".tar": "w", ".TAR.bz2": "w:bz2", ".txz": "w:xz"}.get(ending, "w:gz")
    with tarfile.open(path, kind) as archive:
        for name in (f"{inner}.parquet/._x.csv", inner):  # as a Mac packs
            entry = tarfile.TarInfo(name)
            entry.size = len(CSV)
            archive.addfile(entry, io.BytesIO(CSV.encode()))
    with pytest.raises(UserError, match="is an archive of files, and no table") as caught:
        read_file(path)
    assert caught.value.allowed.endswith(f"in this one lie {inner}")
    command, _, word = caught.value.remedy.partition("  # then ")
    run(command)
    (word,) = shlex.split(word)
    assert word == f'data.path="{tmp_path / made}"' or word == f"data.path={tmp_path / made}"
    assert list(read_file(tmp_path / made).columns) == ["a", "b"]
    assert (tmp_path / "t.csv").read_text() == "kept"


@pytest.mark.parametrize(
    ("name", "command"),
    [("p.7z", "7z x -aos"), ("p.rar", "unrar x -o-"), ("p.tar.zst", "tar -xkf"), ("p.tgz", "tar")],
)
def test_an_archive_that_cannot_be_read_is_called_one(tmp_path, name, command):
    path = tmp_path / name
    path.write_bytes(b"\x1f\x8bno archive")
    with pytest.raises(UserError, match="is an archive of files") as caught:
        read_file(path)
    assert caught.value.remedy.startswith(command)
    assert caught.value.remedy.endswith(f" {path}  # then data.path=/path/of/the/table.csv")


def test_an_archive_in_a_zip_keeps_its_name(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p.tar", b"")
    assert refused(path).endswith(f"  # then data.path={tmp_path / 'p.tar'}")
    (tmp_path / "station.tar.csv").write_text(CSV)
    assert len(read_file(tmp_path / "station.tar.csv")) == 2
