"""Kill a sweep at random moments, resume it, and compare with the undisturbed one.

    python scripts/kill_sweep.py [--kills 10] [--seed 0] [OVERRIDE ...]

Every round kills the whole process group with SIGKILL and resumes with `nnexp resume`. At the end
the leaderboards, and every run's weights, scores and history, must be equal to the byte.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SWEEP = (
    "data=digits",
    "trainer.epochs=8",
    "trainer.progress=none",
    "optimizer.lr=0.001,0.01",
    "reg.dropout=0,0.3",
    "seed=0,1,2",
)
COMPARED = ("config.yaml", "history.csv", "metrics.json", "model.safetensors")
EARLIEST = 1.0  # seconds after the start


def start(words: Sequence[str], seconds: float | None = None) -> int:
    """Run `nnexp WORDS`; kill it, and all that it has started, after so many seconds.

    Returns:
        The exit status; that of the signal, negative, where it was killed.
    """
    code = "import sys; from nnexp.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def disturbed(
    folder: Path, overrides: Sequence[str], kills: int, longest: float, rng: random.Random
) -> int:
    """Run a sweep to its end through so many kills.

    Arguments:
        folder: of the sweep, new.
        overrides: of the sweep.
        kills: how often it is killed at most.
        longest: seconds that it would take undisturbed.
        rng: draws the moments.

    Returns:
        How often it was killed before it was done.
    """
    killed = 0
    sweep = ["train", "-m", *overrides, f"hydra.sweep.dir={folder}"]
    for _ in range(kills):
        words = ["resume", str(folder)] if (folder / "sweep.yaml").exists() else sweep
        if start(words, rng.uniform(EARLIEST, longest)) == 0:
            break
        killed += 1
        finished = len(list(folder.glob("*/metrics.json")))
        print(f"kill {killed}: {finished} runs have scores", flush=True)
    words = ["resume", str(folder)] if (folder / "sweep.yaml").exists() else sweep
    if start(words) != 0:
        raise SystemExit(f"the resumed sweep failed: {' '.join(words)}")
    return killed


def differences(one: Path, other: Path) -> list[str]:
    """The files by which two sweeps differ."""
    names = [Path("leaderboard.csv"), Path("leaderboard.md")]
    for run in sorted(one.glob("[0-9]*")):
        names += [Path(run.name) / name for name in COMPARED]
    return [
        str(name)
        for name in names
        if not (other / name).exists() or (one / name).read_bytes() != (other / name).read_bytes()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, resume, compare; the exit status is 0 where nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*", default=list(SWEEP))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as root:
        whole, broken = Path(root) / "undisturbed", Path(root) / "disturbed"
        begun = time.monotonic()
        if start(["train", "-m", *options.overrides, f"hydra.sweep.dir={whole}"]) != 0:
            raise SystemExit("the undisturbed sweep failed")
        longest = time.monotonic() - begun
        print(f"undisturbed: {longest:.1f} s", flush=True)
        killed, rng, found = 0, random.Random(options.seed), []
        while killed < options.kills:  # a sweep that comes to its end is followed by a new one
            shutil.rmtree(broken, ignore_errors=True)
            killed += disturbed(broken, options.overrides, options.kills - killed, longest, rng)
            found += differences(whole, broken)
    print(f"{killed} kills; {len(found)} files differ{': ' if found else ''}{' '.join(found)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
