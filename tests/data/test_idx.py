import gzip
import struct

import numpy as np
import pytest

from nnexp.config.schema.sources import IdxConfig
from nnexp.data import load_table, prepare
from nnexp.data.idx import find_files
from nnexp.errors import UserError


def images(values):
    return struct.pack(">4I", 0x803, *values.shape) + values.tobytes()


def labels(values):
    return struct.pack(">2I", 0x801, len(values)) + values.tobytes()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (30, 4, 5)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, pixels):
    classes = np.arange(30, dtype=np.uint8) % 3
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images(pixels[:20]))
    (tmp_path / "train-labels.idx1-ubyte.gz").write_bytes(gzip.compress(labels(classes[:20])))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(images(pixels[20:])))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(labels(classes[20:]))
    return tmp_path


def test_folder(folder, pixels):
    table = load_table(IdxConfig(path=str(folder)))
    assert table.frame.to_numpy().tolist() == pixels.reshape(30, 20).tolist()
    assert table.frame.columns[3] == "pixel03"
    assert table.parts.tolist() == ["train"] * 20 + ["test"] * 10
    assert len(table.fingerprint) == 64
    data = prepare(table, IdxConfig())
    assert data.test.tolist() == list(range(20, 30))
    assert (len(data.train), len(data.valid)) == (16, 4)
    assert data.classes == [0, 1, 2]


def test_explicit_files_need_no_test(folder):
    config = IdxConfig(
        images=str(folder / "train-images-idx3-ubyte"),
        image_labels=str(folder / "train-labels.idx1-ubyte.gz"),
    )
    table = load_table(config)
    assert table.parts is None
    assert len(table.frame) == 20


def test_the_pixels_are_held_once(folder):
    table = load_table(IdxConfig(path=str(folder)))
    assert {str(dtype) for dtype in table.frame.dtypes} == {"uint8"}
    first, last = table.frame["pixel00"].to_numpy(), table.frame["pixel19"].to_numpy()
    assert first.base is not None
    assert first.strides == (20,)
    assert last.ctypes.data - first.ctypes.data == 19


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda data: data[:-1], "ends 1 bytes early"),
        (lambda data: data + b"x", "goes on"),
        (lambda data: b"\x00\x00\x08\x01" + data[4:], "no IDX file of images"),
        (lambda data: data[:6], "no IDX file of images"),
        (lambda data: data[:4] + b"\xff" * 12 + data[16:], "declares"),
        (lambda data: gzip.compress(data)[:-20], "damaged"),
        (lambda data: data[:4] + struct.pack(">I", 19) + data[8:-20], "19 images"),
    ],
)
def test_damage(folder, damage, word):
    file = folder / "train-images-idx3-ubyte"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match=word):
        load_table(IdxConfig(path=str(folder)))


def test_what_is_not_there(folder, tmp_path):
    with pytest.raises(UserError, match="is no folder"):
        find_files(tmp_path / "nothing")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="t10k"):
        find_files(folder)
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    assert find_files(folder)[2:] == [None, None]
    (folder / "train-images-idx3-ubyte").unlink()
    with pytest.raises(UserError, match="train-images"):
        find_files(folder)
    with pytest.raises(UserError, match="needs a folder"):
        load_table(IdxConfig())
    with pytest.raises(UserError, match="both given"):
        load_table(IdxConfig(path=str(folder), images="x"))


def test_sizes_must_agree(folder, pixels):
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(images(pixels[20:, :3]))
    with pytest.raises(UserError, match="3x5"):
        load_table(IdxConfig(path=str(folder)))
