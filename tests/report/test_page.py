import base64
import hashlib
import json
import os
import re
import shutil

import pytest

from nnexp.errors import UserError
from nnexp.leaderboard import leaderboard, read_records
from nnexp.report import report_html, write_file, write_report

SECTIONS = ["leaderboard", "failed", "curves", "settings", "pairs", "parallel", "spread"]
EVIL = "</script></style><script>alert(1)</script><img src=x onerror=\"alert('2')\">"
OWN = {  # all that a page is made of
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "div", "p",
    "span", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "code", "b", "strong", "small", "br",
    "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "label", "input", "svg",
    "line", "circle", "rect", "text", "polyline", "polygon", "script",
}  # fmt: skip


def everything(add, word="x"):
    """A sweep that fills every section, with a word wherever a run folder has text."""
    number = 0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                for seed in range(2):
                    data = {"source": word, "split": {word: 1}}
                    add(number, seed=seed, val=0.5 + 0.1 * ((number * 7) % 16), reg__l2=0.1 * a,
                        optimizer__name=["adam", word][b], model__hidden=[8 + c],
                        manifest={"command": f"{word} {number}", "data": data})  # fmt: skip
                    number += 1
    add(number, status="diverged", reason=f"NaN {word}", reg__l2=0.3)
    add(number + 1, status=word, reason=word)


def test_a_page_has_all_its_parts(add, page):
    everything(add)
    made = page()
    assert [s.attributes["id"] for s in made.all("section")] == SECTIONS
    assert made.one("head").one("title").children == [made.one("h1").text]
    assert made.all("html")[0].attributes["lang"] == "en"


def test_texts_of_a_run_folder_stay_texts(add, page, tmp_path):
    everything(add, EVIL)
    (tmp_path / "sweep" / "3").rename(tmp_path / "sweep" / "<b onclick=alert(3)>")
    made = page()
    assert {node.tag for node in made.all()} <= OWN
    assert len(made.all("script")) == len(made.all("style")) == 1
    handlers = [k for node in made.all() for k in node.attributes if k.startswith("on")]
    assert handlers == []
    for name in ("leaderboard", "failed", "settings", "curves", "spread"):
        assert "</script></style><script>" in made.section(name).text
    assert EVIL in made.section("failed").text
    assert "<script>alert(1)</script>" in made.one("dl").text
    assert "<b onclick=alert(3)>" in made.section("leaderboard").text


def test_a_key_of_a_stranger_stays_text(add, page, tmp_path):
    for number in range(4):
        folder = add(number, val=0.5 + number)
        config = json.dumps({EVIL: {"x": number, EVIL: number // 2}, "seed": 0})
        (folder / "config.yaml").write_text(config, encoding="utf-8")
    made = page()
    assert {node.tag for node in made.all()} <= OWN
    assert EVIL in made.section("settings").text


def test_no_script_but_its_own_may_run(add, page):
    everything(add)
    made = page()
    policy = next(m for m in made.all("meta") if "http-equiv" in m.attributes).attributes["content"]
    script = "".join(made.one("script").children)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip


def test_it_needs_no_other_file_and_no_network(add, page, tmp_path):
    everything(add)
    text = write_report(tmp_path / "sweep").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|import\(", text)
    attributes = {key for node in page().all() for key in node.attributes}
    assert not attributes & {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}


def test_equal_runs_give_equal_bytes_wherever_they_lie(add, tmp_path):
    everything(add)
    first = write_report(tmp_path / "sweep").read_bytes()
    assert write_report(tmp_path / "sweep").read_bytes() == first
    other = tmp_path / "2026-01-01" / "12-30-59.123456-ab12"
    shutil.copytree(tmp_path / "sweep", other)
    (other / "report.html").unlink()
    for path in other.rglob("*"):
        os.utime(path, (0, 0))
    assert write_report(other).read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_the_order_of_the_runs_does_not_matter(add, tmp_path):
    everything(add)
    records = read_records([tmp_path / "sweep"])
    pages = {
        report_html(leaderboard(r), r) for r in (records, records[::-1], records[5:] + records[:5])
    }
    assert len(pages) == 1


def test_ids_are_unique_and_boxes_have_labels(add, page):
    everything(add)
    made = page()
    ids = [node.attributes["id"] for node in made.all() if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
    boxes = [label.one("input") for label in made.all("label")]
    assert len(boxes) == len(made.all("input")) == 8
    for drawing in made.all("svg"):
        told = {"aria-label", "aria-hidden"} & set(drawing.attributes)
        assert told or drawing.attributes.get("class") == "stretched"  # within one that is named


def test_every_class_is_in_the_style(add, page):
    everything(add)
    made = page()
    style = "".join(made.one("style").children)
    script = "".join(made.one("script").children)
    classes = {c for node in made.all() for c in (node.attributes.get("class") or "").split()}
    unknown = {c for c in classes if not re.search(rf"\.{c}\b", style + script)}
    assert unknown == {"done", "stretched"}


def test_a_page_of_one_run(add, page):
    add(0)
    made = page()
    assert [s.attributes["id"] for s in made.all("section")] == ["leaderboard", "curves", "spread"]
    assert made.one("h1").text == "1 run on iris"


def test_a_title_of_ones_own(add, tmp_path, read):
    add(0)
    records = read_records([tmp_path / "sweep"])
    made = read(report_html(leaderboard(records), records, "Mine & <yours>"))
    assert made.one("h1").text == "Mine & <yours>"


def test_runs_without_a_history_or_numbers(add, page):
    add(0, rows=[])
    add(1, val=0.4, accuracy=None, reg__l2=0.1, best=None)
    made = page()
    assert made.section("curves") is not None
    assert "nan" not in re.sub(r"<style>.*?</style>", "", made.text).lower().split()


@pytest.mark.parametrize("loss", [1e308, -1e308, 5e-324, -0.0, 0.0])
def test_losses_of_any_size(add, page, loss):
    for number in range(3):
        add(number, val=loss if number else 1.0, reg__l2=10.0 ** (150 * number), rows=[
            dict(epoch=e, train_loss=loss, train_penalty=loss, train_accuracy=0.5, val_loss=loss,
                 val_accuracy=7.0, lr=0.1) for e in (1, 2)
        ])  # fmt: skip
    assert page().section("spread") is not None


def test_where_nothing_can_be_ranked_the_page_shows_how_runs_ended(add, page):
    add(0, status="failed", reason="x", reg__l2=0.5)
    add(1, val=None)
    add(2, val=None, seed=1)
    made = page()
    assert [s.attributes["id"] for s in made.all("section")] == ["failed", "curves"]
    head = made.one("header").text
    assert "Nothing can be ranked, of 3 runs (2 done without a val_loss, 1 failed)." in head
    assert "configuration" not in head
    rows = [[c.text for c in r.all("td")] for r in made.section("failed").one("tbody").all("tr")]
    assert rows == [
        ["0", "failed", "l2=0.5 seed=0", "x"],
        ["1 2", "done", "l2=0 seed=0,1", "no validation rows to rank it by"],
    ]
    legend = made.section("curves").text
    assert "1. l2=0.5" in legend
    assert "2. l2=0" in legend
    assert "best" not in legend


def test_where_nothing_can_be_ranked_there_is_a_page_for_texts_alone(add, page):
    folder = add(0, status="failed", reason=EVIL, rows=[])
    (folder / "config.yaml").unlink()
    made = page()
    assert [s.attributes["id"] for s in made.all("section")] == ["failed"]
    assert EVIL in made.section("failed").text
    assert len(made.all("script")) == 1


def test_no_runs(tmp_path):
    with pytest.raises(UserError, match="no run"):
        write_report(tmp_path)


def test_a_new_folder_is_made(add, tmp_path):
    add(0)
    records = read_records([tmp_path / "sweep"])
    path = write_file(leaderboard(records), records, tmp_path / "a" / "b")
    assert path == tmp_path / "a" / "b" / "report.html"
    assert path.read_text(encoding="utf-8") == report_html(leaderboard(records), records)


def test_a_report_is_no_run(add, tmp_path):
    add(0)
    first = write_report(tmp_path / "sweep").read_bytes()
    assert len(read_records([tmp_path / "sweep"])) == 1
    assert write_report(tmp_path / "sweep").read_bytes() == first


@pytest.mark.parametrize("epochs", [1, 2])
def test_runs_that_diverge_at_once_have_no_curves(add, page, epochs):
    rows = [{"epoch": epoch, "val_loss": 10.0**epoch} for epoch in range(1, epochs + 1)]
    for number in range(2):
        add(number, status="diverged", reason="NaN", seed=number, rows=rows)
    shown = [s.attributes["id"] for s in page().all("section")]
    assert shown == ["failed", *["curves"] * (epochs > 1)]
