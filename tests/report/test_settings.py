from nnexp.report.settings import charted, is_numeric, values_of


def test_a_key_that_follows_its_option_has_no_chart(add, board):
    for number, (name, lr) in enumerate([("adam", 0.001), ("sgd", 0.05)] * 2):
        add(number, optimizer__name=name, optimizer__lr=lr, reg__l2=0.1 * (number // 2))
    ranked = board()
    assert ranked.varied == ["reg.l2", "optimizer.name", "optimizer.lr"]
    assert charted(ranked) == ["reg.l2", "optimizer.name"]


def test_a_key_that_varies_within_its_option_has_one(add, board):
    for number, (name, lr) in enumerate([("adam", 0.001), ("sgd", 0.05), ("sgd", 0.1)]):
        add(number, optimizer__name=name, optimizer__lr=lr)
    assert charted(board()) == ["optimizer.name", "optimizer.lr"]


def test_runs_in_no_mean_count(add, board):
    add(0, optimizer__name="adam", optimizer__lr=0.001)
    add(1, optimizer__name="sgd", optimizer__lr=0.05)
    add(2, optimizer__name="sgd", optimizer__lr=100.0, status="diverged")
    ranked = board()
    assert charted(ranked) == ["optimizer.name", "optimizer.lr"]
    assert values_of(ranked, "optimizer.lr") == [0.001, 0.05, 100.0]
    assert values_of(ranked, "optimizer.lr", failed=False) == [0.001, 0.05]


def test_drawn_values_follow_nothing(add, board):
    for number in range(4):
        add(number, optimizer__lr=0.1 + number, reg__l2=0.3 * number)
    assert charted(board()) == ["reg.l2", "optimizer.lr"]


def test_numbers_alone_are_numeric(add, board):
    lists, mixed = [[8], [16]], [None, 5]
    for number in range(4):
        a, b = divmod(number, 2)
        add(number, reg__l2=0.1 * a, model__hidden=lists[b], reg__grad_clip=mixed[a],
            reg__flag=bool(b))  # fmt: skip
    ranked = board()
    numeric = {key: is_numeric(ranked, key) for key in ranked.varied}
    assert numeric == {
        "reg.l2": True, "model.hidden": False, "reg.grad_clip": False, "reg.flag": False,
    }  # fmt: skip
