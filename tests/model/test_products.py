"""Products by OpenBLAS: right, written where they should be, and taken only where they fit."""

import itertools

import pytest
import torch

from nnexp.model import products
from nnexp.model.linear import linear
from nnexp.model.products import Operand, Product, are_taken, multiply, openblas
from nnexp.train.evaluate import CHUNK

needs_openblas = pytest.mark.skipif(openblas() is None, reason="PyTorch's own library is as quick")
SHAPES = [
    *itertools.product((1, 5), (2, 31, 256), (2, 13, 64), (2, 10, 65)),
    (3, 300, 500, 20),  # more than one block of each side
]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@needs_openblas
@pytest.mark.parametrize("shape", SHAPES)
def test_a_product_is_that_of_the_definition(shape):
    members, rows, inner, columns = shape
    a, b = drawn(members, rows, inner), drawn(members, inner, columns, seed=1)
    exact = a.double() @ b.double()
    start = drawn(members, rows, columns, seed=2)
    for turn_a, turn_b, add in itertools.product((False, True), repeat=3):
        given_a = a.mT.contiguous() if turn_a else a
        given_b = b.mT.contiguous() if turn_b else b
        out = start.clone() if add else torch.full((members, rows, columns), torch.nan)
        multiply(given_a, given_b, out, turn_a=turn_a, turn_b=turn_b, add=add)
        expected = exact + start if add else exact
        torch.testing.assert_close(out.double(), expected, rtol=0, atol=1e-5 * inner)


@needs_openblas
def test_a_product_is_written_into_a_view_and_nowhere_else():
    rows = torch.full((4, 7 * 9 + 5), torch.nan)
    a, b = drawn(4, 20, 7), drawn(4, 20, 9, seed=1)
    multiply(a, b, rows[:, 3 : 3 + 63].view(4, 7, 9), turn_a=True)
    assert rows[:, :3].isnan().all()
    assert rows[:, 66:].isnan().all()
    torch.testing.assert_close(rows[:, 3:66].view(4, 7, 9), a.mT @ b, rtol=0, atol=1e-4)


@needs_openblas
def test_operands_may_be_parts_of_larger_ones_or_shared_by_all_members():
    block, weight = drawn(3, 100, 6), drawn(3, 6, 8, seed=1)
    for part in (block[:, 40:60], block[0, :20].expand(3, -1, -1)):
        assert are_taken(part, weight)
        out = torch.empty(3, 20, 8)
        multiply(part, weight, out)
        alone = torch.empty(1, 20, 8)
        for member in range(3):
            multiply(part[member : member + 1].clone(), weight[member : member + 1].clone(), alone)
            assert torch.equal(alone[0], out[member])


@needs_openblas
@pytest.mark.parametrize("turn", [(False, False), (True, False), (False, True)])
def test_shapes_that_do_not_fit_are_never_handed_over(turn):
    a, b = drawn(2, 3, 4), drawn(2, 5, 6)
    with pytest.raises(AssertionError):
        multiply(a, b, torch.empty(2, 3, 6), turn_a=turn[0], turn_b=turn[1])


def test_a_row_of_a_chunk_does_not_depend_on_its_place():
    for inner, columns in itertools.product((2, 13, 64, 300), (2, 10, 64, 65)):
        x, weight, bias = drawn(1, CHUNK, inner), drawn(1, inner, columns, seed=1), drawn(1, 1, 1)
        bias = bias.expand(1, 1, columns)
        order = torch.randperm(CHUNK, generator=torch.Generator().manual_seed(0))
        moved = linear(x[:, order].contiguous(), weight, bias)
        assert torch.equal(linear(x, weight, bias)[:, order], moved)


@needs_openblas
def test_batches_beyond_its_counting_are_left_to_pytorch(monkeypatch):
    a, b = drawn(2, 3, 4), drawn(2, 4, 5)
    monkeypatch.setattr(products, "LARGEST", 2 * 4 * 5 + 1)
    assert are_taken(a, b)
    monkeypatch.setattr(products, "LARGEST", 2 * 4 * 5)
    assert not are_taken(a, b)


@needs_openblas
def test_what_it_cannot_do_is_left_to_pytorch():
    a, b = drawn(2, 3, 4), drawn(2, 4, 5)
    assert are_taken(a, b)
    assert not are_taken(a.double(), b.double())
    assert not are_taken(a, b.double())
    assert not are_taken(a[:1], b)
    assert not are_taken(a.bfloat16(), b.bfloat16())
    assert not are_taken(a.mT, b.mT)
    assert not are_taken(a[:, :0], b)
    assert not are_taken(a.requires_grad_(), b)
    with torch.no_grad():
        assert are_taken(a, b)
        torch.set_num_threads(2)
        assert not are_taken(a, b)


@pytest.fixture
def fresh():
    openblas.cache_clear()
    yield
    openblas.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_the_environment_can_leave_all_to_pytorch(monkeypatch):
    monkeypatch.setattr(products, "quick_kernels", lambda: products.AMD_AVX2)
    monkeypatch.setenv("NNEXP_OPENBLAS", "0")
    assert openblas() is None


@pytest.mark.usefixtures("fresh")
def test_another_processor_or_a_missing_library_leaves_all_to_pytorch(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(products, "quick_kernels", lambda: None)
        assert openblas() is None
    monkeypatch.setattr(products, "quick_kernels", lambda: products.AMD_AVX2)
    monkeypatch.setattr(products.importlib.util, "find_spec", lambda name: None)
    openblas.cache_clear()
    assert openblas() is None


@pytest.mark.parametrize(
    ("told", "kernels"),
    [
        ("vendor_id : AuthenticAMD\nflags : fma avx avx2 avx512vl", products.AMD_AVX512),
        ("vendor_id : AuthenticAMD\nflags : fma avx avx2 bmi2", products.AMD_AVX2),
        ("vendor_id : AuthenticAMD\nflags : fma avx", None),
        ("vendor_id : AuthenticAMD\nflags : fma4 avx avx2", None),
        ("vendor_id : GenuineIntel\nflags : fma avx avx2 avx512vl", products.INTEL_AVX512),
        ("vendor_id : GenuineIntel\nflags : fma avx avx2", None),
        (None, None),
    ],
)
def test_the_kernels_are_those_of_the_processor(monkeypatch, tmp_path, told, kernels):
    cpuinfo = tmp_path / "cpuinfo"
    if told is not None:
        cpuinfo.write_text(told)
    monkeypatch.setattr(products, "CPUINFO", cpuinfo)
    monkeypatch.setattr(products.platform, "machine", lambda: "x86_64")
    assert products.quick_kernels.__wrapped__() == kernels
    monkeypatch.setattr(products.platform, "machine", lambda: "aarch64")
    assert products.quick_kernels.__wrapped__() is None


def test_only_wide_kernels_make_up_for_a_thread(monkeypatch):
    monkeypatch.setattr(products, "openblas", lambda: print)
    for kernels, doubled in (
        (products.AMD_AVX512, True),
        (products.AMD_AVX2, False),
        (products.INTEL_AVX512, False),
    ):
        monkeypatch.setattr(products, "quick_kernels", lambda own=kernels: own)
        assert products.doubles_a_thread() is doubled
    monkeypatch.setattr(products, "openblas", lambda: None)
    monkeypatch.setattr(products, "quick_kernels", lambda: products.AMD_AVX512)
    assert not products.doubles_a_thread()


def test_products_are_left_to_pytorch_at_sizes_at_which_it_is_quicker(monkeypatch):
    monkeypatch.setattr(products, "quick_kernels", lambda: products.INTEL_AVX512)
    assert products.is_quicker(100, 100, 100)
    assert not products.is_quicker(100, 100, 101)
    assert products.is_quicker(5000, 5000, 16)  # few columns
    assert not products.is_quicker(2, 2, 2, turn_b=True)
    monkeypatch.setattr(products, "quick_kernels", lambda: products.AMD_AVX2)
    assert products.is_quicker(5000, 5000, 5000, turn_b=True)
    monkeypatch.setattr(products, "quick_kernels", lambda: None)
    assert not products.is_quicker(2, 2, 2)


@needs_openblas
@pytest.mark.usefixtures("fresh")
def test_loading_it_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    openblas()
    assert products.os.environ["OPENBLAS_NUM_THREADS"] == "7"
    assert "OPENBLAS_CORETYPE" not in products.os.environ


@needs_openblas
def test_a_prepared_product_follows_its_operands():
    a, b, out = drawn(2, 3, 4), drawn(2, 4, 5), torch.full((2, 3, 5), torch.nan)
    left, right, result = Operand(a), Operand(b), Operand(out)
    product = Product(left, right, result)
    product()
    torch.testing.assert_close(out, a @ b)
    a.mul_(2)  # in place: the operand is where it was
    product()
    torch.testing.assert_close(out, a @ b)
    block, elsewhere = drawn(2, 9, 4, seed=3), torch.empty(2, 3, 5)
    left.point_at(block[:, 4:7])
    result.point_at(elsewhere)
    before = out.clone()
    product()
    torch.testing.assert_close(elsewhere, block[:, 4:7] @ b)
    assert torch.equal(out, before)


@needs_openblas
def test_an_operand_is_not_pointed_at_what_would_be_read_beyond():
    operand = Operand(drawn(2, 3, 4))
    for wrong in (
        drawn(2, 3, 5),
        drawn(1, 3, 4),
        drawn(2, 4, 3).mT,
        drawn(2, 3, 4).double(),
        torch.empty(2, 3, 4, device="meta"),
    ):
        with pytest.raises(ValueError, match=r"Expected float32 \(2, 3, 4\) on the CPU"):
            operand.point_at(wrong)
