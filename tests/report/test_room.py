from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nnexp.report.room import APART, BEYOND, LETTER, centred, stacked, with_room
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


@given(st.integers(2, 12), st.integers(1, 6), st.integers(60, 300))
def test_even_ticks_are_labelled_evenly_and_at_their_places(count, letters, width):
    ticks = [Tick(n / (count - 1), "0" * letters) for n in range(count)]
    labels = centred(ticks, width)
    spans = []
    for label in labels:
        size, at = len(label.tick.label) * LETTER, label.tick.at * width
        left = {"start": at, "middle": at - size / 2, "end": at - size}[label.anchor]
        spans.append((left, left + size))
    assert all(b[0] > a[1] for a, b in pairwise(spans))
    assert all(left >= -BEYOND - 1e-9 and right <= width + BEYOND + 1e-9 for left, right in spans)
    if {label.anchor for label in labels} == {"middle"}:
        steps = [b.tick.at - a.tick.at for a, b in pairwise(labels)]
        assert max(steps, default=0) - min(steps, default=0) < 1e-9
    elif count > 3 and width > 40 * letters:
        raise AssertionError(labels)


def test_both_ends_are_labelled_first():
    ticks = [Tick(n / 40, str(n)) for n in range(41)]
    kept = [label.tick.label for label in with_room(ticks)]
    assert kept[0] == "0"
    assert kept[-1] == "40"
    assert len(kept) < 20


@given(st.lists(st.tuples(st.floats(0, 1), st.text("0.1", min_size=1, max_size=9)), max_size=8))
def test_stacked_shows_all_and_none_touch(drawn):
    ticks = [Tick(at, label) for at, label in drawn]
    width = 170.0
    found = stacked(ticks, width)
    assert sorted(id(label.tick) for label, _ in found) == sorted(map(id, ticks))
    lines = {line for _, line in found}
    assert lines == set(range(len(lines)))
    for line in lines:
        spans = []
        for label, own in found:
            size, at = len(label.tick.label) * LETTER, label.tick.at * width
            left = {"start": at, "middle": at - size / 2, "end": at - size}[label.anchor]
            if own == line:
                spans.append((left, left + size))
        assert all(a[1] + APART <= b[0] + 1e-9 for a, b in pairwise(sorted(spans)))
