import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.report.markup import Markup, element, escaped, join, scroll, svg_percent


@given(st.text(), st.text())
def test_any_text_comes_back_as_text(read, child, value):
    node = read(element("td", child, title=value)).one("td")
    assert node.all() == []
    assert list(node.attributes) == ["title"]
    assert "".join(node.children) == shown(child)
    assert node.attributes["title"] == shown(value)


def shown(plain):
    spaced = plain.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return "".join(c if c.isprintable() or c == "\u00a0" else "\ufffd" for c in spaced)


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\u202e", "\u200b", "\ud800", "\x85"])
def test_signs_that_cannot_be_seen_are_replaced(sign):
    assert escaped(f"a{sign}b") == "a\ufffdb"
    escaped(sign).encode("utf-8")


def test_markup_stays_and_text_does_not():
    assert element("p", Markup("<b>1</b>"), " < 2") == "<p><b>1</b> &lt; 2</p>"
    assert join("<", Markup("<br/>"), None) == "&lt;<br/>"
    assert isinstance(join("a"), Markup)


def test_attributes():
    made = element("line", x1=0, stroke_width=1.5, class_="a b", hidden=True, title=None, x=False)
    assert made == '<line x1="0" stroke-width="1.5" class="a b" hidden/>'
    assert element("p", title="\"'<>&") == '<p title="&quot;&#x27;&lt;&gt;&amp;"></p>'


def test_void_elements_with_children_are_closed():
    assert element("circle", element("title", "x")) == "<circle><title>x</title></circle>"


def test_a_region_that_scrolls_has_a_name_and_takes_the_keyboard(read):
    region = read(scroll(Markup("x"), "a <name>")).one("div")
    assert region.attributes == {
        "class": "scroll", "tabindex": "0", "role": "region", "aria-label": "a <name>",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0%"), (1, "100%"), (0.12346, "12.35%"), (0.5, "50%")]
)
def test_percent(value, text):
    assert svg_percent(value) == text
