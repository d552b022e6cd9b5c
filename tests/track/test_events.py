import re
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from nnexp.track import events
from nnexp.track.events import EventFile, masked_crc32c


@pytest.mark.parametrize("data", [b"", b"a", b"123456789", bytes(range(256)) * 5])
def test_checksum_is_tensorboards(data: bytes) -> None:
    assert masked_crc32c(data) == pywrap_tensorflow.masked_crc32c(data)


def test_checksum_of_the_standard_example() -> None:
    # RFC 3720, appendix B.4: CRC-32C of 32 zero bytes is 0x8a9136aa.
    crc = 0x8A9136AA
    masked = ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc32c(bytes(32)) == masked


def test_records_are_on_disk_at_once_and_read_back(tmp_path: Path) -> None:
    file = EventFile(tmp_path)
    file.write([Summary.Value(tag="a", simple_value=0.5)], step=7)
    first, second = EventFileLoader(str(file.path)).Load()
    assert first.file_version == "brain.Event:2"
    assert second.step == 7
    assert second.summary.value[0].tag == "a"
    assert second.wall_time > 1.7e9


def test_name_says_nothing_of_the_host_and_sorts_by_time(tmp_path: Path) -> None:
    files = [EventFile(tmp_path).path.name for _ in range(5)]
    assert len(set(files)) == 5
    assert files == sorted(files)
    assert all(re.fullmatch(r"events\.out\.tfevents\.\d{10}\.\d{6}", name) for name in files)


def test_two_files_of_the_same_microsecond_are_two(tmp_path: Path, monkeypatch) -> None:
    times = iter([10**18, 10**18, 10**18 + 1000])
    monkeypatch.setattr(events.time, "time_ns", lambda: next(times))
    assert EventFile(tmp_path).path != EventFile(tmp_path).path


def test_a_record_cut_short_loses_only_itself(tmp_path: Path) -> None:
    file = EventFile(tmp_path)
    for step in range(3):
        file.write([Summary.Value(tag="a", simple_value=1.0)], step)
    file.path.write_bytes(file.path.read_bytes()[:-5])
    assert [event.step for event in EventFileLoader(str(file.path)).Load()][1:] == [0, 1]
