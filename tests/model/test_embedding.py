import torch

from nnexp.model.embedding import Embedding


def test_code_zero_is_the_zero_vector_and_others_are_looked_up_per_column():
    embedding = Embedding((2, 3), 4)
    table = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    codes = torch.tensor([[[0, 3]], [[2, 0]]])  # (K=2, B=1, Q=2)
    out = embedding.forward(table, codes)
    assert out.shape == (2, 1, 8)
    zero = torch.zeros(4)
    assert torch.equal(out[0, 0], torch.cat((zero, table[0, 2 + 3 - 1])))
    assert torch.equal(out[1, 0], torch.cat((table[1, 1], zero)))


def test_backward_counts_each_use_once():
    embedding = Embedding((2,), 3)
    codes = torch.tensor([[[1], [1], [0], [2]], [[0], [0], [0], [0]]])
    dvectors = torch.ones(2, 4, 3)
    dtable = torch.full((2, 2, 3), torch.nan)
    embedding.backward(dvectors, codes, dtable)
    assert torch.equal(dtable[0], torch.tensor([[2.0] * 3, [1.0] * 3]))
    assert not dtable[1].any()
