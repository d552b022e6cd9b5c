"""TensorBoard's event file: records of protocol buffers, each with its checksums.

torch's and TensorBoard's own writers put the host's name into the file's name, start a thread,
and import much more; the format itself is four fields.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

import google_crc32c
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary

from nnexp.track import summaries
from nnexp.track.folder import append


class EventFile:
    """One event file; every record is on disk when the call that wrote it returns.

    Arguments:
        folder: the run folder.
        purge_step: of a resumed run, the first step that it will write; TensorBoard forgets
            what an earlier event file of the folder says of this step and later ones.
    """

    def __init__(self, folder: str | Path, purge_step: int | None = None) -> None:
        while True:
            now = time.time_ns() // 1000
            # TensorBoard reads a folder's event files in the order of their names.
            name = f"events.out.tfevents.{now // 10**6:010d}.{now % 10**6:06d}"
            self.path = Path(folder) / name
            try:
                self.path.touch(exist_ok=False)
            except FileExistsError:
                continue
            break
        source = SourceMetadata(writer="nnexp.track.events")
        self._write(Event(file_version="brain.Event:2", source_metadata=source))
        if purge_step is not None:
            start = SessionLog(status=SessionLog.START)
            self._write(Event(step=purge_step, session_log=start))

    def write(self, values: list[Summary.Value], step: int = 0) -> None:
        """Write summary values of one step as one record.

        Arguments:
            values: the values, each with its tag.
            step: the epoch.
        """
        self._write(Event(step=step, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        append(self.path, _record(event))


def append_text(folder: str | Path, tag: str, markdown: str, step: int = 0) -> None:
    """Add a text to the last event file of a folder; nothing where there is none.

    Arguments:
        folder: the run folder.
        tag: its name.
        markdown: the text.
        step: the epoch.
    """
    files = sorted(Path(folder).glob("events.out.tfevents.*"))
    if files:
        value = summaries.text(tag, markdown)
        append(files[-1], _record(Event(step=step, summary=Summary(value=[value]))))


def _record(event: Event) -> bytes:
    event.wall_time = time.time()
    data = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    sums = struct.pack("<I", masked_crc32c(length)), struct.pack("<I", masked_crc32c(data))
    return length + sums[0] + data + sums[1]


def masked_crc32c(data: bytes) -> int:
    """Checksum of a record, masked as TFRecord does since the data holds checksums itself.

    Arguments:
        data: the bytes.

    Returns:
        32 bits: CRC-32C, rotated right by 15 bits, plus a constant.
    """
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
