import json
import math
import os
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import UserError
from nnexp.track import folder


def test_create_makes_a_folder_of_its_own_each_time(tmp_path: Path) -> None:
    made = [folder.create(tmp_path / "outputs") for _ in range(20)]
    assert len(set(made)) == 20
    for path in made:
        assert path.is_dir()
        name = path.relative_to(tmp_path / "outputs").as_posix()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-\d{6}-[0-9a-f]{4}", name)


def test_create_never_shares_when_time_and_chance_repeat(tmp_path: Path, monkeypatch) -> None:
    class Clock(folder.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2030, 1, 2, 3, 4, 5, 6)

    draws = iter(["00ff", "00ff", "00ff", "1234"])
    monkeypatch.setattr(folder, "datetime", Clock)
    monkeypatch.setattr(folder.secrets, "token_hex", lambda n: next(draws))
    first, second = folder.create(tmp_path), folder.create(tmp_path)
    assert first == tmp_path / "2030-01-02" / "03-04-05-000006-00ff"
    assert second.name == "03-04-05-000006-1234"


def test_write_replaces_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    folder.write_text(path, "one\n")
    folder.write_text(path, "two é\n")
    assert path.read_bytes() == "two é\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_json_holds_what_runs_produce(tmp_path: Path) -> None:
    value = OrderedDict(
        b=np.float32(0.5),
        a=[math.nan, -math.inf, 1.0, True, None, 3],
        c=np.arange(4).reshape(2, 2),
        d={"path": Path("x") / "y", 2: {"z", "y"}, "t": (np.int64(7), np.bool_(True))},
        e=np.array([np.nan, 2.0]),
    )
    folder.write_json(tmp_path / "v.json", value)
    assert folder.read_json(tmp_path / "v.json") == {
        "b": 0.5,
        "a": [None, None, 1.0, True, None, 3],
        "c": [[0, 1], [2, 3]],
        "d": {"path": str(Path("x") / "y"), "2": ["y", "z"], "t": [7, True]},
        "e": [None, 2.0],
    }
    assert list(json.loads((tmp_path / "v.json").read_text()))[:2] == ["b", "a"]


def test_json_escapes_a_stray_byte_of_a_path(tmp_path: Path) -> None:
    folder.write_json(tmp_path / "v.json", {"path": "caf\udce9", "label": "zł"})
    assert folder.read_json(tmp_path / "v.json") == {"path": "caf\udce9", "label": "zł"}


def test_json_refuses_other_types(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="complex"):
        folder.write_json(tmp_path / "v.json", {"a": 1j})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_read_json_names_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(UserError, match=r"v\.json"):
        folder.read_json(tmp_path / "v.json")


def test_read_json_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", "."):
        with pytest.raises(UserError):
            folder.read_json(tmp_path / name)


def test_append_survives_short_writes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    folder.append(path, b"one")
    folder.append(path, b"")
    folder.append(path, b"two" * 100_000)
    assert path.read_bytes() == b"one" + b"two" * 100_000


def test_append_opens_regular_files_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for name in ("link", "dangling", "pipe"):
            with pytest.raises(OSError, match=name):
                folder.append(tmp_path / name, b"more")
        assert os.read(reader, 9) == b""
    finally:
        os.close(reader)
    assert outside.read_bytes() == b"mine"
    assert not (tmp_path / "none").exists()


def test_a_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    folder.check_links(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    with pytest.raises(UserError, match="link' is a link"):
        folder.check_links(tmp_path)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    for name in ("0", "data.path=t.csv", "checkpoint", ".abc.tmp"):
        (tmp_path / name).mkdir()
    folder.check_links(tmp_path)
    for name in ("history.csv", "sweep.yaml", "events.out.tfevents.1.0"):
        (tmp_path / name).mkdir()
        with pytest.raises(UserError, match=f"{re.escape(name)}' is a folder, where"):
            folder.check_links(tmp_path)
        (tmp_path / name).rmdir()


def test_what_a_full_disk_does_not_take_is_not_there(tmp_path, monkeypatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs Linux")
    own = Path.open

    def opened(path, mode):
        own(path, mode).close()
        return own(full, "wb")

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="No space left"):
        folder.make_json(tmp_path / "status.json", {})
    assert list(tmp_path.iterdir()) == []
