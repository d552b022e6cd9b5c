"""The colours can be read: contrasts as WCAG 2.2 defines them (1.4.3, 1.4.11)."""

import re
from importlib.resources import files

import pytest

from nnexp.report.chart import COLOURS
from nnexp.report.heat import STEPS

STYLE = files("nnexp.report").joinpath("page.css").read_text(encoding="utf-8")
TEXT, DRAWING = 4.5, 3.0


def colours(dark):
    light, _, rest = STYLE.partition("@media screen and (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    own = re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rest.partition("\n}")[0])
    assert len(own) > 20
    return found | dict(own) if dark else found


def luminance(colour):
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_texts_stand_out(dark):
    found = colours(dark)
    for name in ("ink", "muted", "warn", "test"):
        for ground in ("paper", "card", "accent-soft"):
            assert contrast(found[name], found[ground]) > TEXT, (name, ground)


@pytest.mark.parametrize("dark", [False, True])
def test_lines_stand_out(dark):
    found = colours(dark)
    for name in ["axis", "accent", "w8", *(f"series-{i}" for i in range(COLOURS))]:
        assert contrast(found[name], found["paper"]) > DRAWING, name


@pytest.mark.parametrize("dark", [False, True])
def test_the_numbers_of_a_heat_map_stand_out_on_steps_in_order(dark):
    found = colours(dark)
    words = {}
    for classes, ink in re.findall(r"^((?:\.h\d,? ?)+)\{ color: var\(--(on-\w+)\)", STYLE, re.M):
        words |= dict.fromkeys(re.findall(r"h\d", classes), ink)
    assert list(words) == [f"h{i}" for i in range(STEPS)]
    for step, ink in words.items():
        assert contrast(found[step], found[ink]) > TEXT, step
    strength = [contrast(found[step], found["paper"]) for step in words]
    assert strength == sorted(strength)


@pytest.mark.parametrize("deficiency", ["red", "green"])
@pytest.mark.parametrize("dark", [False, True])
def test_solid_lines_can_be_told_apart_without_red_or_green(dark, deficiency):
    """Of one pattern, no two series look alike to either kind of colour blindness."""
    found = colours(dark)
    for pattern in (range(4), range(4, COLOURS)):
        seen = [blind(found[f"series-{i}"], deficiency) for i in pattern]
        for i, a in enumerate(seen):
            for b in seen[i + 1 :]:
                assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 0.14


# Viénot, Brettel & Mollon, "Digital video colourmaps for checking the legibility of displays by
# dichromats", Color Research & Application 24 (1999), on linear RGB
BLIND = {
    "red": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "green": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def blind(colour, deficiency):
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    mixed = [sum(m * x for m, x in zip(row, linear, strict=True)) for row in BLIND[deficiency]]
    return [max(x, 0.0) ** (1 / 2.2) for x in mixed]
