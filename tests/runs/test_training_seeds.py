"""Which seed a training has on which split."""

import pytest

from nnexp.config.compose import compose
from nnexp.runs.assemble import training_seeds
from nnexp.train.member import Seeds

FOLDS = "data.split.folds=5"


def seeds_of(*words):
    return training_seeds(compose(list(words)))


@pytest.mark.parametrize("usual", [[], ["seeds.split=0"], ["seeds.valid=0"]], ids=repr)
def test_on_the_usual_split_it_is_the_seed(usual):
    assert seeds_of("seed=3", *usual) == Seeds(3, 3, 3)


def test_each_split_and_each_seed_has_its_own():
    splits = [[FOLDS, f"data.split.fold={fold}"] for fold in range(5)]
    splits += [[f"seeds.valid={n}"] for n in range(5)] + [[f"seeds.split={n}"] for n in (1, 2)]
    splits.append(["seeds.split=1", "seeds.valid=2"])
    found = [seeds_of(f"seed={seed}", *split) for seed in range(3) for split in splits]
    assert len({own.init for own in found}) == len(found)
    assert all(own.init == own.batches == own.dropout for own in found)


def test_what_is_given_is_taken():
    assert seeds_of("seeds.init=7", "seeds.valid=2").init == 7
    assert seeds_of("seeds.split=2", "seeds.valid=2") == seeds_of("seeds.split=2")


def test_configurations_share_the_seeds_of_a_split():
    one, other = (seeds_of("seed=1", FOLDS, "data.split.fold=2", word)
                  for word in ("optimizer=sgd", "reg.l2=0.1"))  # fmt: skip
    assert one == other
