"""What is chosen, after defaults, experiments and the command line."""

from nnexp.config.groups import chosen, defaults, groups


def test_every_group_of_the_defaults_has_its_folder():
    assert list(defaults()) == list(groups())
    assert all(option in groups()[group] for group, option in defaults().items() if option)


def test_the_command_line_wins_over_experiments():
    assert chosen([])["optimizer"] == ["adam"]
    assert chosen(["optimizer=sgd,rmsprop"])["optimizer"] == ["sgd", "rmsprop"]
    assert chosen(["experiment=unscaled"])["optimizer"] == ["sgd"]
    assert chosen(["experiment=unscaled", "optimizer=adamw"])["optimizer"] == ["adamw"]
    assert chosen(["experiment=absent"])["optimizer"] == ["adam"]
