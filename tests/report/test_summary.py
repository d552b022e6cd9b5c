import pytest

from nnexp.leaderboard import leaderboard, read_records
from nnexp.report.summary import LONGEST, data_line, head, summary_title


@pytest.fixture
def header(tmp_path, read):
    def make(sort="val_loss"):
        records = read_records([tmp_path / "sweep"])
        return read(head(leaderboard(records, sort), records, "A title"))

    return make


@pytest.fixture
def title(tmp_path):
    def make():
        records = read_records([tmp_path / "sweep"])
        return summary_title(leaderboard(records), records)

    return make


def facts(header):
    return {d.one("dt").text: d.one("dd").text for d in header.one("dl").all("div")}


def test_the_verdict(path_of, header):
    text = header().one("p", "verdict").text
    assert text.startswith(
        "reg.l2=0.01 has the lowest mean validation loss of 3 configurations: 0.8533 over 3 runs. "
        "On the test rows it has accuracy 0.7890 ± 0.0404 and loss 0.6000 ± 0.0300 "
    )
    assert text.endswith("It is told from every other configuration (paired t-test, Holm, 5 %).")


def test_the_verdict_by_accuracy(path_of, header):
    text = header("val_accuracy").one("p", "verdict").text
    assert text.startswith("reg.l2=0 has the highest mean validation accuracy of 3 configurations")


def test_the_verdict_has_the_test_score_of_the_kind_that_ranks(path_of, header):
    text = header("val_balanced_accuracy").one("p", "verdict").text
    assert "it has accuracy 0.7900 ± 0.0404, balanced accuracy 0.7900" in text


def test_the_verdict_where_chance_may_be_the_cause(add, header):
    values = [[0.5, 0.6], [0.55, 0.54], [0.64, 0.51]]
    for row, pair in enumerate(values[:2]):
        for seed, val in enumerate(pair):
            add(2 * row + seed, seed=seed, val=val, reg__l2=0.1 * row)
    assert "The other cannot be told from it" in header().text
    for seed, val in enumerate(values[2]):
        add(4 + seed, seed=seed, val=val, reg__l2=0.2)
    assert "None of the other 2 can be told from it" in header().text


def test_some_can_be_told_and_some_cannot(add, header):
    values = [[0.50, 0.60, 0.55], [0.55, 0.54, 0.61], [9.0, 9.1, 9.05]]
    for row, triple in enumerate(values):
        for seed, val in enumerate(triple):
            add(3 * row + seed, seed=seed, val=val, reg__l2=0.1 * row)
    assert "1 of the other 2 cannot be told from it" in header().text


def test_what_was_not_compared_is_not_told_from_it(add, header):
    for row, triple in enumerate([[0.50, 0.60, 0.55], [9.0, 9.1, 9.05], [0.70, 0.71, 0.72]]):
        for seed, val in enumerate(triple):
            other = {"data__name": "moons"} if row == 2 else {}
            add(3 * row + seed, seed=seed, val=val, reg__l2=0.1 * row, **other)
    text = header().text
    assert "1 of the other 2 was not compared with it (? in the leaderboard)." in text
    assert "told from every other" not in text


def test_the_first_is_the_best_of_those_that_came_to_an_end(add, header):
    """One is better on all seeds that both have, and diverged on the rest."""
    for seed, (stable, unstable) in enumerate([(0.3, 0.29), (0.31, 0.3), (0.32, 0.31), (0.6, 0)]):
        add(seed, seed=seed, val=stable, reg__l2=0.1)
        ended = {"val": unstable} if unstable else {"status": "diverged"}
        add(10 + seed, seed=seed, reg__l2=0.2, **ended)
        add(20 + seed, seed=seed, val=3.0 + stable, reg__l2=0.3)
    text = header().one("p", "verdict").text
    of = "has the lowest mean validation loss of the 2 configurations whose runs are all done"
    assert text.startswith(f"reg.l2=0.1 {of}: 0.3825 over 4 runs. ")
    assert "1 of the other 2 cannot be told from it" in text


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (1, "The only run has a validation loss of 0.5000. On the test rows it has"),
        (3, "3 runs have a mean validation loss of 0.6000. On the test rows they have"),
    ],
)
def test_a_single_configuration(add, header, runs, words):
    for seed in range(runs):
        add(seed, seed=seed, val=0.5 + 0.1 * seed)
    assert header().one("p", "verdict").text.startswith(words)


def test_the_title_names_the_table_by_its_file(add, title):
    for number in (0, 1):
        add(number, data__path="/home/me/churn.csv", data__name="csv", reg__l2=0.1 * number)
    assert title() == "Sweep of l2 on churn.csv"


def test_folds_are_facts(add, header):
    for fold in (0, 1):
        folder = add(fold)
        config = folder / "config.yaml"
        split = f"data:\n  split:\n    fold: {fold}\n"
        config.write_text(config.read_text().replace("data:\n", split))
    assert facts(header())["data.split.fold"] == "0, 1"


def test_the_tiles_count(add, header):
    add(0)
    add(1, seed=1)
    add(2, status="diverged", reg__l2=0.1)
    add(3, status="odd")
    tiles = {li.one("span").text: li.one("b").text for li in header().one("ul", "tiles").all("li")}
    assert tiles == {
        "configurations tried": "2", "with a score": "1",
        "runs": "4", "done": "2", "diverged": "1", "failed": "1",
    }  # fmt: skip


def test_what_was_tried(add, header):
    for number in range(20):
        add(number, val=0.5 + number, seed=number, optimizer__lr=0.001 * 2**number,
            model__hidden=[[8], [16, 16]][number % 2])  # fmt: skip
    found = facts(header())
    assert found["model.hidden"] == "[16,16], [8]"
    assert found["optimizer.lr"] == "0.001 … 524.288 (20 values)"
    assert found["seed"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (20 seeds)"


MANIFEST = {
    "command": "python train.py -m data=csv data.path=/home/me/table.csv 'reg.l2=0,0.1' "
    "hydra.sweep.dir=/data/x hydra/launcher=stack",
    "data": {
        "source": "table.csv",
        "split": {"train": 100, "valid": 20, "test": 30},
        "features": 1,
        "classes": [{"label": "a"}, {"label": "b"}],
    },
}


def test_data_and_command_without_places(add, header):
    for number in range(2):
        add(number, reg__l2=0.1 * number, manifest=MANIFEST)
    found = facts(header())
    assert (
        found["data"] == "table.csv, 100 train, 20 validation, 30 test rows, 1 feature, 2 classes"
    )
    assert found["command"] == (
        "nnexp train -m data=csv data.path=table.csv reg.l2=0,0.1 hydra/launcher=stack"
    )


def test_folds_are_told_once(add, header):
    for fold in range(3):
        split = {"train": 66 + (fold > 0), "valid": 34 - (fold > 0), "test": 30}
        split |= {"folds": 3, "fold": fold, "unused": 0}
        data = {**MANIFEST["data"], "split": split}
        add(fold, seed=0, manifest={**MANIFEST, "data": data}, data__split__fold=fold)
    told = facts(header())["data"]
    assert told == "table.csv, 100 rows in 3 folds, 30 test rows, 1 feature, 2 classes"
    own = data_line({"data": data})
    assert "table.csv, 67 train, 33 validation, 30 test rows (fold 2 of 3), 1 feature" in own


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("data.path=/a/b=c/t.csv", "data.path=t.csv"),
        ("data.path=/a/x.csv,/b/y.csv", "data.path=x.csv,y.csv"),
        ("data.drop=[a/b,c]", "'data.drop=[a/b,c]'"),
        ("data.path=rel/t.csv", "data.path=rel/t.csv"),
        ("/usr/bin/nnexp", "nnexp"),
    ],
)
def test_a_path_keeps_its_last_part(add, header, word, kept):
    add(0, manifest={"command": f"train.py '{word}'"})
    assert facts(header())["command"] == f"nnexp train {kept}"


def test_many_commands_are_counted(add, header):
    for number in range(5):
        add(number, seed=number, manifest={"command": f"train.py seed={number}"})
    shown = facts(header())["command"]
    assert shown == "nnexp train seed=0nnexp train seed=1nnexp train seed=2and 2 more of the kind"


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"command": ["a"], "data": "b"},
        {"command": "", "data": {}},
        {"command": "'", "data": {"source": None}},
        {"data": {"source": ["x"], "split": [1], "features": "many", "classes": {}}},
    ],
)
def test_a_strangers_manifest_does_no_harm(add, header, manifest):
    add(0, manifest=manifest)
    assert "seed" in facts(header())


def test_endless_texts_are_cut(add, header):
    add(0, manifest={"command": "x " * 10**6, "data": {"source": "y" * 10**6}})
    found = facts(header())
    assert len(found["command"]) == len(found["data"]) == LONGEST


def test_notes_are_sentences(add, header):
    add(0, reg__l2=0.0)
    add(1, reg__l2=0.1)
    notes = [li.text for li in header().one("ul", "notes").all("li")]
    assert len(notes) == 2
    assert all(note[0].isupper() and note[-1] == "." for note in notes)


def test_titles(add, title):
    add(0)
    assert title() == "1 run on iris"
    add(1, seed=1)
    assert title() == "2 runs on iris"
    add(2, reg__l2=0.1)
    assert title() == "Sweep of l2 on iris"
    add(3, optimizer__lr=0.1)
    assert title() == "Sweep of l2 and lr on iris"
    add(4, model__hidden=[8])
    assert title() == "Sweep of hidden, l2 and lr on iris"
    add(5, trainer__batch_size=8)
    assert title() == "Sweep of 4 settings on iris"
    add(6, data__name="wine")
    assert title() == "Sweep of 5 settings"


def test_what_failed_before_it_had_a_configuration_was_tried(add, header):
    for number in range(2):
        add(number, reg__l2=0.1 * number)
    for number, word in enumerate(["optimizer=adm", "optimizer=adm", "optimizer=sdg"], 2):
        folder = add(number, status="failed", reason="no such option", rows=[])
        (folder / "config.yaml").unlink()
        (folder / "overrides.yaml").write_text(f"[{word}, seed={number}]")
    tiles = {li.one("span").text: li.one("b").text for li in header().one("ul", "tiles").all("li")}
    assert (tiles["configurations tried"], tiles["with a score"]) == ("4", "2")
