from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.errors import UserError
from nnexp.leaderboard.grouping import (
    IMMATERIAL,
    comparable,
    group_records,
    order_of,
    rows_of_table,
    split_of,
)


def test_seeds_the_fold_and_what_does_not_matter_are_not_told_apart(make):
    same = [
        make(0),
        make(1, seed=1),
        make(2, seeds__init=7),
        make(3, data__split__fold=2),
        make(4, device="cpu", threads=2, trainer__progress="none"),
    ]
    found = group_records([*same, make(5, reg__l2=0.1)])
    assert found.varied == ["reg.l2"]
    assert [[r.name for r in group.records] for group in found.groups] == [list("01234"), ["5"]]
    assert [group.values for group in found.groups] == [{"reg.l2": 0.0}, {"reg.l2": 0.1}]


def test_the_page_names_all_that_does_not_matter():
    page = Path(__file__).parents[2].joinpath("docs/leaderboard.md").read_text(encoding="utf-8")
    told = page.partition("(nor in ")[2].partition("which do")[0].replace("`", "")
    assert {key.strip() for key in told.split(",") if key.strip()} == IMMATERIAL


def test_keys_of_some_options_only_are_empty_for_the_others(make):
    sgd = {"optimizer__name": "sgd", "optimizer__dampening": 0.0}
    found = group_records([
        make(0, optimizer__amsgrad=False),
        make(1, **sgd, optimizer__momentum=0.5),
        make(2, **sgd, optimizer__momentum=0.9),
    ])  # fmt: skip
    # amsgrad and dampening differ between no two configurations that have them
    assert found.varied == ["optimizer.name", "optimizer.momentum"]
    assert found.groups[0].values == {"optimizer.name": "adam"}
    assert found.groups[2].values == {"optimizer.name": "sgd", "optimizer.momentum": 0.9}


def test_a_key_that_is_there_or_not_for_one_option_is_told(make):
    found = group_records([make(0), make(1, reg__new=0.0)])
    assert found.varied == ["reg.new"]


def test_numbers_are_equal_by_value_and_truth_is_no_number(make):
    assert len(group_records([make(0, reg__l2=0), make(1, reg__l2=0.0)]).groups) == 1
    assert len(group_records([make(0, reg__x=1), make(1, reg__x=True)]).groups) == 2
    assert len(group_records([make(0, reg__x=None), make(1, reg__x="null")]).groups) == 2


def test_grouping_by_some_keys_pairs_by_the_others(make):
    records = [
        make(n, seed=seed, reg__l2=l2, optimizer__lr=lr)
        for n, (seed, l2, lr) in enumerate(
            (seed, l2, lr) for seed in (0, 1) for l2 in (0.0, 0.1) for lr in (0.01, 0.1)
        )
    ]
    found = group_records(records, ["optimizer.lr"])
    assert found.varied == ["optimizer.lr"]
    assert found.averaged == ["reg.l2"]
    units = [{found.unit(record) for record in group.records} for group in found.groups]
    assert len(units[0]) == 4
    assert units[0] == units[1]


def test_a_group_is_its_option(make):
    records = [make(0), make(1, optimizer__name="sgd")]
    assert group_records(records, ["optimizer"]).varied == ["optimizer.name"]


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("lr", "--by optimizer.lr"),
        ("optimiser.lr", "--by optimizer.lr"),
        ("hiden", "--by model.hidden"),
        ("seed", "--by optimizer.lr"),
    ],
)
def test_a_key_that_no_run_has(make, word, remedy):
    with pytest.raises(UserError) as caught:
        group_records([make(0)], [word])
    assert word in caught.value.wrong
    assert caught.value.remedy == remedy


def test_the_split_is_that_of_its_seed_and_fold(make):
    assert split_of(make(0)) == split_of(make(1, seed=5, seeds__init=3))
    assert split_of(make(0)) != split_of(make(1, seeds__split=1))
    assert split_of(make(0)) != split_of(make(1, data__split__fold=1))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values, json_values)
def test_any_values_can_be_compared_and_sorted(a, b):
    assert comparable(a) == comparable(a)
    assert hash(comparable(a)) == hash(comparable(a))
    assert sorted([a, b], key=order_of) is not None


def test_values_are_sorted_by_size():
    values = ["b", 10, None, 2.5, "a", [1]]
    assert sorted(values, key=order_of)[:3] == [None, 2.5, 10]


def test_runs_that_leave_rows_out_are_paired_where_these_are_the_same(make):
    def rows(**more):
        return rows_of_table(make(0, data__missing="drop", **more))

    assert rows(data__scaling="standard") == rows(data__scaling="quantile")
    assert rows(data__encoding="ordinal", data__fill_value=1.0) == rows()
    assert rows(data__drop=["a"]) != rows()
    assert rows(data__split__test=0.3) != rows()
    assert rows() != rows_of_table(make(0, data__missing="mean"))
