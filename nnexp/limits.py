"""What the container or the job's control group leaves of the machine: memory and processors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

GIB = 2**30
UNKNOWN = 4 * GIB  # taken as free where the system does not say
INFO = Path("/proc/meminfo")
ROOT, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# the files of cgroup v2 and v1: the limit, what is taken, and what of that is given back on demand
_MEMORY = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_UNLIMITED = 1 << 60  # bytes; v1 writes the largest multiple of a page for none


def free_memory() -> int:
    """Bytes of memory that this process may still take; a few GiB where the system does not say."""
    limits = [UNKNOWN]
    for line in _text(INFO).splitlines():
        words = line.split()
        if words[:1] == ["MemAvailable:"] and words[1:] and words[1].isdigit():
            limits = [int(words[1]) * 1024]
    if (left := memory_left()) is not None:
        limits.append(left)
    return min(limits)


def memory_left(root: Path = ROOT, own: Path = OWN) -> int | None:
    """Bytes that the tightest limit on memory leaves; None where there is none.

    Cached files that nobody reads count as left: the system drops them where memory is wanted.

    Arguments:
        root: where control groups are mounted.
        own: the file that says in which this process is.
    """
    found = []
    for folder in _groups(root, own, "memory"):
        for limit, taken, cached in _MEMORY:
            most, used = _number(folder / limit), _number(folder / taken)
            if most is not None and used is not None and most < _UNLIMITED:
                found.append(max(0, most - used + _cached(folder, cached)))
    return min(found, default=None)


def cores_left(root: Path = ROOT, own: Path = OWN) -> int | None:
    """How many processors the tightest quota is worth, rounded up; None where there is none.

    Arguments:
        root, own: as for `memory_left`.
    """
    found = []
    for folder in _groups(root, own, "cpu"):
        text = _text(folder / "cpu.max").split()
        quota, period = text if len(text) == 2 else ("max", "1")
        if not text:
            quota = _text(folder / "cpu.cfs_quota_us")
            period = _text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(quota) > 0 and int(period) > 0:
            found.append(max(1, math.ceil(int(quota) / int(period))))
    return min(found, default=None)


def _groups(root: Path, own: Path, kind: str) -> Iterator[Path]:
    """The folders of this process's group and of those around it, as far as they are to be seen."""
    yield from (root, root / kind)
    for line in _text(own).splitlines():
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds and kind not in kinds.split(","):
            continue
        top = root / kind if kinds else root
        steps = [step for step in path.split("/") if step not in ("", "..")]
        for count in range(len(steps)):
            yield top.joinpath(*steps[: count + 1])


def _cached(folder: Path, name: str) -> int:
    for line in _text(folder / "memory.stat").splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
