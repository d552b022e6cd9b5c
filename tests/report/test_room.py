from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nnexp.report.room import LETTER, with_room
from nnexp.report.scale import Tick


@given(st.lists(st.tuples(st.floats(0, 1), st.text("0.1", min_size=1, max_size=9)), max_size=12),
       st.booleans())  # fmt: skip
def test_labels_do_not_touch(drawn, inside):
    ticks = [Tick(at, label) for at, label in sorted(drawn)]
    width = 170.0
    spans = []
    for label in with_room(ticks, width, inside):
        size, at = len(label.tick.label) * LETTER, label.tick.at * width
        left = {"start": at, "middle": at - size / 2, "end": at - size}[label.anchor]
        spans.append((left, left + size))
    assert all(b[0] > a[1] for a, b in pairwise(spans))
    assert bool(spans) == bool(ticks)
    if inside:
        assert all(left >= -1e-9 and right <= width + 1e-9 for left, right in spans)


def test_both_ends_are_labelled_first():
    ticks = [Tick(n / 40, str(n)) for n in range(41)]
    kept = [label.tick.label for label in with_room(ticks)]
    assert kept[0] == "0"
    assert kept[-1] == "40"
    assert len(kept) < 20
