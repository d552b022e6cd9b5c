import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace

import pytest

from nnexp.diagnosis.finding import Evidence, Finding, Proof
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.report.run_page import write_run_file
from nnexp.track.manifest import read_manifest, verify, write_manifest

SECTIONS = ["findings", "decomposition", "curves", "signals", "checked"]
EVIL = "</script></style><script>alert(1)</script><img src=x onerror=\"alert('2')\"> {braces} $(rm)"
OWN = {  # all that a page is made of
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "article", "div",
    "p", "span", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "code", "b", "strong", "small",
    "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "line", "circle",
    "rect", "text", "polyline", "polygon", "script",
}  # fmt: skip
PROOF = Proof("accuracy/val", 0.7, 0.9, 0.2, (0.15, 0.25), 0.001, 5, 3.2, 0.8)
SCORES = {
    "valid": {"accuracy": 0.9, "possible": 0.95, "rows": 30},
    "train": {"accuracy": 0.97, "possible": 0.96, "rows": 60},
}


def diagnosed(word="x", proof=PROOF, **given):
    """A diagnosis with a word wherever it has text."""
    first = Finding(
        "unscaled_features", "confirmed", f"title {word}", (Evidence(word, [word, 1.5], word),),
        word, ("data.scaling=standard", f"data.drop=[{word}]"), proof,
    )  # fmt: skip
    second = Finding(word, word, word, (), "", ())
    given = {"checked": [word], "notes": [word], "explained": word, "scores": SCORES} | given
    return Diagnosis([first, second], **given)


def test_a_page_has_all_its_parts(make_run, shown):
    made = shown(make_run(), diagnosed())
    assert [s.attributes["id"] for s in made.all("section")] == SECTIONS
    assert made.one("head").one("title").children == [made.one("h1").text] == ["A run on iris"]
    assert made.all("html")[0].attributes["lang"] == "en"


def test_a_healthy_run_tells_first_what_was_checked(make_run, shown):
    found = Diagnosis([], checked=["no column settles the label"], scores=SCORES)
    made = shown(make_run(), found)
    assert made.all("section")[0].attributes["id"] == "checked"
    assert made.section("checked").one("li").text == "No column settles the label."
    verdict = made.one("p", "verdict").text
    assert verdict.startswith("Nothing found. The kept weights classify 90.0 % of 30 validation")
    assert "95.0 %" in verdict


def test_the_head_tells_what_was_run_and_how_it_ended(make_run, shown):
    folder = make_run(status="diverged", reason="NaN in layers.1", best=None)
    head = shown(folder, diagnosed()).one("header")
    facts = dict(zip([d.text for d in head.all("dt")], [d.text for d in head.all("dd")],
                     strict=True))  # fmt: skip
    assert facts["command"] == "python train.py data=iris reg.l2=0"
    assert facts["data"].startswith("iris, 60 train, 30 validation, 40 test rows, 4 features")
    assert facts["diverged"] == "NaN in layers.1."
    assert head.one("ul", "tiles").one("li", "diverged").one("b").text == "diverged"


def test_scores_stand_beside_errors_other_learners_and_the_prior(make_run, shown):
    table = shown(make_run(), diagnosed()).one("table", "scores")
    rows = [[c.text for c in row.all("td")] for row in table.all("tr")[1:]]
    assert [c.text for c in table.all("th")][1:] == [
        "accuracy", "loss", "balanced accuracy", "accuracy of other learners",
    ]  # fmt: skip
    assert rows[0][:3] == ["validation, 30 rows", "0.9000± 0.0400", "0.5000± 0.0300"]
    assert rows[1] == ["train, 60 rows", "0.9700", "", "", "0.9600"]
    assert rows[2][0] == "test, 40 rows"
    assert rows[3][:3] == ["naming the class shares of train rows", "0.6000", ""]


def test_the_prior_of_the_train_rows_goes_first(make_run, shown):
    scores = SCORES | {"prior": {"loss": 0.5, "accuracy": 0.8}}
    table = shown(make_run(), diagnosed(scores=scores)).one("table", "scores")
    assert [c.text for c in table.all("tr")[-1].all("td")][1:3] == ["0.8000", "0.5000"]


def test_what_restores_the_score_is_a_command(make_run, shown):
    made = shown(make_run(), diagnosed(), ["reg.l2=0.1", "data.drop=[a b]"])
    line = made.one("header").one("div", "command").text
    assert line == "python train.py data=iris reg.l2=0.1 'data.drop=[a b]'"


@pytest.mark.parametrize("missing", ["signals.csv", "history.csv", "metrics.json", "manifest.json",
                                     "overrides.yaml", "status.json", "config.yaml"])  # fmt: skip
def test_a_file_may_be_missing_or_damaged(make_run, shown, missing):
    folder = make_run()
    (folder / missing).write_bytes(b"\xff\x00{[")
    damaged = shown(folder, diagnosed())
    (folder / missing).unlink()
    gone = shown(folder, diagnosed())
    for made in (damaged, gone):
        told = [s.attributes["id"] for s in made.all("section")]
        left_out = {"signals.csv": ["signals"], "history.csv": ["curves"]}.get(missing, [])
        assert told == [name for name in SECTIONS if name not in left_out]
        assert "nan" not in made.one("main").text.lower().split()


def test_nothing_to_show_leaves_parts_out(make_run, shown):
    folder = make_run(signals=None, rows=[], overrides=None, manifest={})
    made = shown(folder, Diagnosis([]))
    assert made.all("section") == []
    assert made.all("dl") == []


def test_no_run_folder(tmp_path):
    with pytest.raises(UserError, match="no run"):
        write_run_file(tmp_path, diagnosed())
    assert list(tmp_path.iterdir()) == []


def test_texts_stay_texts(make_run, shown):
    manifest = {"data": {"source": EVIL, "split": {EVIL: 1}, "classes": [{EVIL: EVIL}, EVIL]}}
    signals = {f"weight_norm/{EVIL}": [1, 2], f"dead/{EVIL}": [0, 1]}
    folder = make_run(
        status="failed", reason=EVIL, manifest=manifest, overrides=[f"data.path={EVIL}"],
        signals=signals, data__name=EVIL,
    )  # fmt: skip
    made = shown(folder, diagnosed(EVIL), [EVIL])
    assert {node.tag for node in made.all()} <= OWN
    assert len(made.all("script")) == len(made.all("style")) == 1
    assert [k for node in made.all() for k in node.attributes if k.startswith("on")] == []
    for name in ("findings", "decomposition", "signals", "checked"):
        assert "</script></style><script>" in made.section(name).text, name
    assert "<script>alert(1)</script>" in made.one("header").text


@pytest.mark.parametrize("value", [None, "x", [], {}, True, -1, 1e400, "9" * 400])
def test_numbers_of_a_stranger(make_run, shown, value):
    """Whatever stands where a number should."""
    folder = make_run(best=value, manifest={"data": {"classes": [{"rows": value}] * 2,
                                                     "split": value}})  # fmt: skip
    text = (folder / "metrics.json").read_text(encoding="utf-8")
    content = json.loads(text)
    content["val"] = {"accuracy": value, "loss": value, "n": value}
    (folder / "metrics.json").write_text(json.dumps(content), encoding="utf-8")
    scores = {"valid": {"accuracy": value, "possible": value, "rows": value}, "prior": value}
    assert shown(folder, diagnosed(scores=scores)).section("findings") is not None


@pytest.mark.parametrize("size", [1e308, -1e308, 5e-324, 0.0, float("nan"), float("inf")])
def test_signals_of_any_size(make_run, shown, size):
    columns = ["val_moved_right", "val_moved_wrong", "val_moved_flips", "val_loss", "val_accuracy",
               "gradient_norm/a", "update_ratio/a", "dead/a", "weight_norm/a"]  # fmt: skip
    folder = make_run(signals={name: [size, 0.5, size, size] for name in columns})
    assert shown(folder, diagnosed()).section("curves") is not None


def test_no_script_but_its_own_may_run(make_run, shown):
    made = shown(make_run(), diagnosed())
    policy = next(m for m in made.all("meta") if "http-equiv" in m.attributes).attributes["content"]
    script = "".join(made.one("script").children)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy.split("; ")
    assert "default-src 'none'" in policy.split("; ")


def test_it_needs_no_other_file_and_no_network(make_run, shown):
    folder = make_run()
    text = write_run_file(folder, diagnosed()).read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|import\(", text)
    attributes = {key for node in shown(folder, diagnosed()).all() for key in node.attributes}
    assert not attributes & {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}


def test_an_equal_run_gives_equal_bytes_wherever_it_lies(make_run, tmp_path):
    folder = make_run()
    first = write_run_file(folder, diagnosed()).read_bytes()
    assert write_run_file(folder, diagnosed()).read_bytes() == first
    other = tmp_path / "2026-01-01" / "12-30-59.123456-ab12"
    shutil.copytree(folder, other)
    assert write_run_file(other, diagnosed()).read_bytes() == first
    own = replace(diagnosed(), findings=diagnosed().findings[:1])
    again = Diagnosis.from_plain(json.loads(json.dumps(own.plain())))
    assert write_run_file(other, again).read_bytes() == write_run_file(folder, own).read_bytes()
    assert str(tmp_path).encode() not in first


def test_the_manifest_lists_it(make_run):
    folder = make_run()
    write_manifest(folder, read_manifest_facts(folder))
    write_run_file(folder, diagnosed())
    assert "report.html" in read_manifest(folder)["files"]
    assert verify(folder) == []


def read_manifest_facts(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_every_class_is_in_the_style_and_every_drawing_is_named(make_run, shown):
    made = shown(make_run(status="diverged", reason="x", best=2), diagnosed())
    style = "".join(made.one("style").children)
    classes = {c for node in made.all() for c in (node.attributes.get("class") or "").split()}
    unknown = {c for c in classes if not re.search(rf"\.{c}\b", style)}
    assert unknown <= {"stretched", "number"}
    for drawing in made.all("svg"):
        told = {"aria-label", "aria-hidden"} & set(drawing.attributes)
        assert told or drawing.attributes.get("class") == "stretched"
    ids = [node.attributes["id"] for node in made.all() if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
