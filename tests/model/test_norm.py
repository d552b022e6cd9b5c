"""The running statistics of batch normalisation."""

import torch

from nnexp.model.norm import batch_norm


def statistics(batches):
    mean, var = torch.zeros(2, 3), torch.ones(2, 3)
    for z in batches:
        batch_norm(z, torch.ones(2, 3), torch.zeros(2, 3), mean, var, True)
    return mean, var


def test_running_statistics_are_those_of_torch():
    batches = [torch.randn(2, rows, 3) for rows in (5, 2, 7)]
    mean, var = statistics(batches)
    for member in range(2):
        norm = torch.nn.BatchNorm1d(3)
        for z in batches:
            norm(z[member])
        torch.testing.assert_close(mean[member], norm.running_mean)
        torch.testing.assert_close(var[member], norm.running_var)


def test_one_row_has_no_variance_and_leaves_them_as_they_are():
    batches = [torch.randn(2, 5, 3)]
    mean, var = statistics(batches)
    again = statistics([*batches, torch.full((2, 1, 3), 100.0)])
    assert torch.equal(mean, again[0])
    assert torch.equal(var, again[1])
