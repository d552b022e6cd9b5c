"""Pages that scripts write are what the scripts would write now."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import write_benchmark_docs as benchmark  # noqa: E402
import write_threshold_docs as thresholds  # noqa: E402


@pytest.mark.parametrize("page", ["README.md", "docs/benchmark.md", "docs/thresholds.md"])
def test_the_figures_of_the_benchmark(page):
    figures = json.loads((ROOT / "docs" / "benchmark.json").read_text(encoding="utf-8"))
    text = (ROOT / page).read_text(encoding="utf-8")
    assert benchmark.written(page, text, figures) == text


def test_every_number_of_the_diagnosis_has_a_word_on_it():
    text = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")
    assert text.partition(thresholds.MARK)[2].strip() == thresholds.table().strip()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) > 150
    assert not [row for row in rows if row.endswith("|  |")]


def test_numbers_are_read_with_their_comments(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(
        "# of two rows\nA = 1.5\nB, C = 1, -2  # of one\n# and more\nD = 'x'\nlower = 1\n"
        "E = (1, 2)  # a pair\n\n# apart\nF = 10 ** 3\n"
    )
    assert thresholds.numbers(path) == [
        ("A", "1.5", "of two rows"),
        ("B, C", "1, -2", "of one and more"),
        ("E", "1, 2", "a pair"),
        ("F", "10 ** 3", "apart"),
    ]


def test_a_summary_of_files(tmp_path):
    def case(name, hurts, causes, said, regained=None):
        harm = {"before": 0.9, "after": 0.5 if hurts else 0.9, "p": 0.01, "error": ""}
        return {
            "id": name, "table": "t", "causes": causes, "pair": [],
            "harm": None if hurts is None else harm, "said": {"nnexp": said},
            "regained": regained or {}, "seconds": 2.0, "error": "",
        }  # fmt: skip

    right = {"name": "a", "causes": ["a"], "verdict": "confirmed", "fix": [], "proof": None}
    mild = {"name": "b", "causes": ["b"], "verdict": "harmless", "fix": [], "proof": None}
    cases = [
        case("F1", True, ["a"], [right], {"a": 0.7}),
        case("F2", True, ["b"], [right], {"a": 0.2}),
        case("F3", False, ["b"], [mild]),
        case("F4", False, ["b"], [right]),
        case("H1", None, [], [mild]),
        case("H2", None, [], [right]),
    ]
    cases[3]["harm"]["p"] = None  # NaN: unknown is not harmful
    paths = []
    for part in (cases[:3], cases[3:]):
        paths.append(tmp_path / f"{len(paths)}.json")
        paths[-1].write_text(json.dumps({"cases": part}))
    paths[-1].write_text(json.dumps({"cases": [case("F1", True, ["a"], []), *cases[3:]]}))
    again = benchmark.report.read(*reversed(paths), paths[0])  # the last file's word on F1 counts
    assert [own.case.id for own in again] == ["F1", "F4", "H1", "H2", "F2", "F3"]
    told = benchmark.summary(again)
    (row,) = told["systems"]
    assert (row["system"], row["detected"], row["first"]) == ("nnexp", 1, 0.5)
    assert told["counts"] == {"faults": 2, "pairs": 0, "healthy": 2, "harmless": 2, "tables": 1}
    assert told["alarms"]["nnexp"] == {"healthy": [1, 2], "harmless": [1, 2]}
    assert told["regained"] == [1, 2]
    assert told["confirmed"] == [1, 2]
    assert told["confirmed_on_healthy"] == [1, 2]
    assert told["tables"] == {"t": [2, 1, 4, 2]}
