"""A sweep whose parent has used OpenMP: its forked children must not wait for threads they lack."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 120  # seconds after which it hangs; it takes a few
# torch divides what has more than 32,768 elements among threads
WORDS = [
    "data=classification", "data.rows=20000", "trainer.epochs=1", "trainer.batch_size=1024",
    "trainer.progress=none", "trainer.tensorboard=false", "seed=1,2",
]  # fmt: skip


@pytest.mark.parametrize("more", [[], ["threads=2"]], ids=["auto", "threads=2"])
def test_a_large_table_is_trained_with_openmps_own_threads(tmp_path, more):
    environment = {
        k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    }
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), "-m", *WORDS, *more,
         f"hydra.sweep.dir={tmp_path / 'swept'}"],
        cwd=tmp_path, env={**environment, "OMP_NUM_THREADS": "2"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.wait(LONGEST) == 0
    finally:
        if process.poll() is None:  # children in a library's barrier hear nothing else
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert len(list((tmp_path / "swept").glob("*/metrics.json"))) == 2
