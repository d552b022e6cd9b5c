"""Sweeps from Python."""

import threading

from nnexp.sweeping import multirun

WORDS = ["data=iris", "trainer.epochs=1", "trainer.tensorboard=false", "trainer.progress=none"]


def test_sweeps_of_several_threads_run_one_after_another(tmp_path):
    together, found = threading.Barrier(3), {}

    def run(number):
        together.wait()
        try:
            found[number] = multirun([*WORDS, f"reg.l2=0,{number}"], root=tmp_path / str(number))
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number].status for number in (1, 2, 3)] == [["done", "done"]] * 3
    for number in (1, 2, 3):
        words = (found[number].runs[1] / "overrides.yaml").read_text()
        assert f"reg.l2={number}" in words
