"""A sample of a matrix of cases, in which as many values of each parameter occur as can.

Tests whose cases repeat one claim over many tables, seeds or sizes are marked
`@pytest.mark.matrix(N)`: N of their cases run by default, all of them by `make matrix`.
"""

from collections.abc import Sequence

SPREAD = (5**0.5 - 1) / 2  # multiples of it lie evenly between whole numbers, however many


def sample(cases: Sequence[dict[str, int]], most: int) -> list[int]:
    """Places of at most `most` cases: those with most values unseen first, else spread evenly.

    Arguments:
        cases: for each case its parameters, name -> number of the value.
        most: how many to keep.
    """
    if len(cases) <= most:
        return list(range(len(cases)))
    spread = sorted(range(len(cases)), key=lambda place: (place + 1) * SPREAD % 1)
    seen: set[tuple[str, int]] = set()
    kept: list[int] = []
    for _ in range(most):
        left = [place for place in spread if place not in kept]
        best = max(left, key=lambda place: len(set(cases[place].items()) - seen))
        kept.append(best)
        seen |= set(cases[best].items())
    return sorted(kept)
