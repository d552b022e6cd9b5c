"""HTML and SVG as text in which everything is escaped that is not markup of our own."""

from __future__ import annotations

from html import escape

VOID = frozenset({"meta", "br", "input", "line", "circle", "rect", "polyline", "polygon", "path"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: object) -> Markup:
    """An element of HTML or SVG.

    Arguments:
        name: `td`, `svg`; a literal, never a text from outside.
        children: markup as it stands, any other text escaped, None left out.
        attributes: values are escaped; None and False leave an attribute out, True gives a bare
            one. `class_` is `class` and `stroke_width` is `stroke-width`; `viewBox` stays.
    """
    head = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        head += f" {key}" if value is True else f' {key}="{escaped(str(value))}"'
    inner = join(*children)
    if name in VOID and not inner:
        return Markup(f"<{head}/>")
    return Markup(f"<{head}>{inner}</{name}>")


def join(*children: str | None) -> Markup:
    """Pieces of markup and text, one after another; see `element`."""
    return Markup(
        "".join(c if isinstance(c, Markup) else escaped(c) for c in children if c is not None)
    )


def scroll(content: Markup, name: str, class_: str = "scroll") -> Markup:
    """A region that scrolls by itself where its content is too large, by the keyboard as well.

    Arguments:
        content: what may be too large.
        name: of the region, for those who do not see it.
        class_: `scroll`, and `tall` for one of bounded height.
    """
    return element("div", content, class_=class_, tabindex=0, role="region", aria_label=name)


def escaped(plain: str) -> Markup:
    """A text with its markup escaped, and a replacement sign for what cannot be shown.

    Control characters, those that turn the direction of writing, and halves of surrogate pairs
    are among the latter; line breaks and tabs become spaces.
    """
    if plain.isprintable():
        return Markup(escape(plain))
    spaced = plain.translate({9: " ", 10: " ", 13: " "})
    visible = (c if c.isprintable() or c == "\u00a0" else "\ufffd" for c in spaced)
    return Markup(escape("".join(visible)))


def svg_percent(share: float) -> str:
    """A share as a percentage of SVG: `12.5%`."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"
