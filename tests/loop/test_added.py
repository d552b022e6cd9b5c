"""What a loop adds to its loss: a penalty that holds the training down, or one that does not."""

import pytest

from nnexp.loop.fixes import NO_PENALTY


def squares(factor):
    return lambda model: factor * sum(own.pow(2).sum() for own in model.parameters())


def sizes(factor):
    return lambda model: factor * sum(own.abs().sum() for own in model.parameters())


def fixes(loops, **habits):
    found = loops.run(loops.Loop("digits", epochs=15, optimizer=loops.adam(2e-3), **habits), 0)
    return [word for own in found.findings for word in own.fix], found


@pytest.mark.parametrize("extra", [squares(0.05), sizes(0.01)], ids=["squares", "sizes"])
def test_a_penalty_that_weighs_as_the_loss_does_is_named(loops, extra):
    words, found = fixes(loops, extra=extra)
    assert words[0] == NO_PENALTY
    first = found.findings[0]
    added, own = (one.value for one in first.evidence[:2])
    assert added > 0.25 * own > 0


@pytest.mark.parametrize(
    "extra",
    [squares(1e-4), squares(1e-3), sizes(1e-5), lambda model: 0.3, None],
    ids=["small squares", "squares", "sizes", "a constant", "none"],
)
def test_what_is_added_and_holds_nothing_down_is_not(loops, extra):
    assert NO_PENALTY not in fixes(loops, extra=extra)[0]
