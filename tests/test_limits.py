"""What control groups leave of memory and processors, as both versions write it."""

from pathlib import Path

import pytest

from nnexp import limits
from nnexp.limits import cores_left, free_memory, memory_left
from nnexp.train import machine

GIB = 2**30


def group(root: Path, path: str, **files: object) -> None:
    folder = root / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def own(root: Path, *lines: str) -> Path:
    path = root / "own"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_nothing_is_limited_where_nothing_says_so(tmp_path):
    assert memory_left(tmp_path, tmp_path / "none") is None
    assert cores_left(tmp_path, tmp_path / "none") is None
    group(tmp_path, ".", memory__max="max", memory__current=5, cpu__max="max 100000")
    assert memory_left(tmp_path, own(tmp_path, "0::/")) is None
    assert cores_left(tmp_path, own(tmp_path, "0::/")) is None


def test_the_tightest_group_counts_and_its_cached_files_do_not(tmp_path):
    job = own(tmp_path, "0::/slurm/job")
    group(tmp_path, "slurm", memory__max=8 * GIB, memory__current=3 * GIB, cpu__max="400000 100000")
    group(
        tmp_path,
        "slurm/job",
        memory__max=4 * GIB,
        memory__current=3 * GIB,
        memory__stat=f"anon {GIB}\ninactive_file {2 * GIB}\nactive_file 7",
        cpu__max="150000 100000",
    )
    assert memory_left(tmp_path, job) == 3 * GIB
    assert cores_left(tmp_path, job) == 2


def test_the_first_version_keeps_each_kind_apart(tmp_path):
    job = own(tmp_path, "9:name=systemd:/", "4:memory:/docker/a", "2:cpu,cpuacct:/docker/a")
    group(
        tmp_path,
        "memory/docker/a",
        memory__limit_in_bytes=2 * GIB,
        memory__usage_in_bytes=GIB,
        memory__stat=f"total_inactive_file {GIB // 2}",
    )
    group(tmp_path, "cpu/docker/a", cpu__cfs_quota_us=300000, cpu__cfs_period_us=100000)
    assert memory_left(tmp_path, job) == 3 * GIB // 2
    assert cores_left(tmp_path, job) == 3
    # a container sees its own group as the root, wherever the host keeps it
    group(tmp_path, "memory", memory__limit_in_bytes=2**63 - 4096, memory__usage_in_bytes=GIB)
    group(tmp_path, "cpu", cpu__cfs_quota_us=-1, cpu__cfs_period_us=100000)
    assert memory_left(tmp_path, own(tmp_path, "4:memory:/elsewhere")) is None
    assert cores_left(tmp_path, own(tmp_path, "2:cpu:/elsewhere")) is None


@pytest.mark.parametrize("text", ["", "nonsense", "0 100000", "100000 0", "1 2 3"])
def test_what_cannot_be_read_limits_nothing(tmp_path, text):
    group(tmp_path, ".", memory__max=text, memory__current=5, cpu__max=text)
    assert memory_left(tmp_path, own(tmp_path, "0::/../..")) is None
    assert cores_left(tmp_path, own(tmp_path, "0::/../..")) is None


def test_a_quota_bounds_the_processes(monkeypatch):
    cores = machine.usable_cores()
    monkeypatch.setattr(machine, "cores_left", lambda: 1)
    assert machine.usable_cores() == 1
    monkeypatch.setattr(machine, "cores_left", lambda: 10**6)
    assert machine.usable_cores() >= cores


def test_free_memory_is_what_is_available_or_left(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "INFO", tmp_path / "meminfo")
    monkeypatch.setattr(limits, "memory_left", lambda: None)
    assert free_memory() == limits.UNKNOWN
    limits.INFO.write_text("MemTotal: 9000000 kB\nMemAvailable:  3000000 kB\n")
    assert free_memory() == 3_000_000 * 1024
    monkeypatch.setattr(limits, "memory_left", lambda: 5)
    assert free_memory() == 5
