"""What fits only some of the options that a sweep varies is a word of each job."""

import pytest

from nnexp.config.held import held, in_order


@pytest.mark.parametrize(
    ("words", "back"),
    [
        (["optimizer=sgd,adam", "optimizer.momentum=0.5"], ["optimizer.momentum=0.5"]),
        (["model=mlp,linear", "model.hidden=[8]"], ["model.hidden=[8]"]),
        (["sweep=optimizers", "optimizer.amsgrad=true"], ["optimizer.amsgrad=true"]),
        (["optimizer=sgd,adam", "optimizer.lr=0.1", "reg.l2=0.1"], []),  # all have these
        (["optimizer=sgd", "optimizer.amsgrad=true", "seed=0,1"], []),
        (["optimizer=sgd,adam", "optimizer.momentm=0.5"], []),  # none has this
        (["optimizer=sgd,adam", "optimizer.momentum=0.5", "hydra/sweeper=basic"], []),
        (["optimizer=sgd,adam", "optimizer.momentum=[0"], []),
    ],
)
def test_which_words_are_held_back(words, back):
    assert held(words) == back


def test_they_come_back_where_they_were():
    typed = ["a=1", "b=2", "c=3"]
    assert in_order(["x=0", "a=1", "c=3", "b=2"], typed) == ["x=0", *typed]
