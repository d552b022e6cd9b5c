"""What a sweep will take is measured by a few steps, and nothing is written."""

from dataclasses import replace

from nnexp.config.compose import compose
from nnexp.runs.jobs import Job
from nnexp.sweep.estimate import estimate, total_seconds
from nnexp.sweep.execute import Execution


def test_it_grows_with_the_epochs_and_leaves_nothing(tmp_path):
    found = []
    for epochs in (10, 1000):
        jobs = [
            Job(
                n,
                tmp_path / str(n),
                [],
                compose(["data=iris", f"seed={n}", f"trainer.epochs={epochs}"]),
            )
            for n in range(3)
        ]
        (own,) = estimate(Execution(jobs, processes=1))
        assert (own.runs, own.chunks) == (3, 1)
        assert own.bytes > 1000
        found.append(own)
    assert found[1].seconds > 5 * found[0].seconds
    assert total_seconds(found, 2) == sum(own.seconds for own in found) / 2
    assert list(tmp_path.iterdir()) == []


def test_a_processor_gets_no_stack_wider_than_its_caches(tmp_path):
    config = compose(["data=iris", "trainer.epochs=1"])
    jobs = [Job(n, tmp_path / str(n), [], replace(config, seed=n)) for n in range(130)]
    (chunks,) = Execution(jobs, processes=1).chunks
    assert [len(chunk.places) for chunk in chunks] == [43, 44, 43]
