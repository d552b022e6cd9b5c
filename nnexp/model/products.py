"""Batched matrix products of float32 by OpenBLAS, where PyTorch's own library is slow.

PyTorch multiplies with MKL. On AMD's processors that leaves half of the vector units of AVX-512
idle, which it knows on Intel's alone; and on both it takes several times as long for a product with
few columns, such as that of a last layer, and longer for small ones. OpenBLAS, asked for the
kernels of the processor, takes less time there. The copy of it that the package `scipy-openblas32`
brings is loaded beside those of numpy and scipy, so that it does not matter which of them a process
has imported. Each product of a batch is computed by itself, on one thread: it has the same bits
alone and among others.

`NNEXP_OPENBLAS=0` in the environment leaves all products to PyTorch, as does everything that is
not a float32 tensor on the CPU, computed with one thread.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

# enum CBLAS_LAYOUT and CBLAS_TRANSPOSE of cblas.h
ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
CPUINFO = Path("/proc/cpuinfo")

# where the kernels are not quicker at all sizes, they are for products of so many multiplications,
# for which OpenBLAS copies nothing, or of so few columns, unless the second matrix is transposed
# (scripts/bench_products.py)
SMALL, NARROW = 10**6, 16

LARGEST = 2**31  # elements from the first to the last of a batch: OpenBLAS counts them in int32

_Gemm = Callable[..., None]


@dataclass(frozen=True)
class Kernels:
    """OpenBLAS' kernels of float32 for a processor.

    Arguments:
        name: by which OpenBLAS knows them.
        at_all_sizes: whether they beat PyTorch's library at all sizes of matrices, not at small and
            narrow ones alone.
    """

    name: str
    at_all_sizes: bool = True


AMD_AVX512, AMD_AVX2 = Kernels("SkylakeX"), Kernels("Haswell")
INTEL_AVX512 = Kernels("SkylakeX", at_all_sizes=False)


@functools.cache
def openblas() -> _Gemm | None:
    """OpenBLAS' `cblas_sgemm_batch_strided`; None where PyTorch's own library is as quick."""
    kernels = quick_kernels()
    if os.environ.get("NNEXP_OPENBLAS") == "0" or kernels is None:
        return None
    # not imported: that would load the library as it is, for all to see
    package = importlib.util.find_spec("scipy_openblas32")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "lib" / "libscipy_openblas.so"
    try:
        with _environment(OPENBLAS_CORETYPE=kernels.name, OPENBLAS_NUM_THREADS="1"):
            library = ctypes.CDLL(str(path))  # it reads the environment now
        name = library.scipy_openblas_get_corename
        name.restype = ctypes.c_char_p
        if name() != kernels.name.encode():
            return None
        gemm = library.scipy_cblas_sgemm_batch_strided
    except (OSError, AttributeError):
        return None
    integer, real, pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    operand = (pointer, integer, integer)  # where it is, and the strides of its rows and members
    gemm.argtypes = (*[integer] * 6, real, *operand, *operand, real, *operand, integer)
    gemm.restype = None
    return gemm


@functools.cache
def quick_kernels() -> Kernels | None:
    """The kernels that beat PyTorch's library on this processor, as Linux tells; None for none.

    On AMD's they are those of AVX-512 from Zen 4 on, of AVX2 before; on Intel's with AVX-512 they
    beat it at some sizes.
    """
    if platform.machine() != "x86_64":
        return None
    try:
        told = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    flags = set(re.findall(r"\bavx512vl\b|\bavx2\b|\bfma\b", told))
    if "GenuineIntel" in told:
        return INTEL_AVX512 if "avx512vl" in flags else None
    if "AuthenticAMD" not in told:
        return None
    return AMD_AVX512 if "avx512vl" in flags else AMD_AVX2 if {"avx2", "fma"} <= flags else None


def is_quicker(rows: int, inner: int, columns: int, *, turn_b: bool = False) -> bool:
    """Whether OpenBLAS takes less time than PyTorch's library, where it is there.

    Arguments:
        rows, inner, columns: of one member's product, (rows, inner) @ (inner, columns).
        turn_b: whether the second matrix is taken transposed.
    """
    kernels = quick_kernels()
    if kernels is None or kernels.at_all_sizes:
        return kernels is not None
    return not turn_b and (columns <= NARROW or rows * inner * columns <= SMALL)


def rounds_rows_alike() -> bool:
    """Whether a row's product does not depend on its place, of numbers of rows that four divides.

    The kernels of AVX2 take twelve rows as twice six, and add up the second six another way; and
    which library computes must not depend on the number of rows.
    """
    return quick_kernels() == AMD_AVX512


def doubles_a_thread() -> bool:
    """Whether one thread of OpenBLAS multiplies about as quickly as two of PyTorch's library."""
    return openblas() is not None and quick_kernels() == AMD_AVX512


class Operand:
    """K matrices as the library is handed them: where they are, and how far apart.

    Arguments:
        matrices: float32 (K, M, N) on the CPU, rows contiguous, not empty.
    """

    __slots__ = ("matrices", "shape", "taken")

    def __init__(self, matrices: Tensor) -> None:
        self.shape = matrices.shape
        self.taken = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
        self.point_at(matrices)

    def point_at(self, matrices: Tensor) -> None:
        """Take others of the same shape from now on.

        Raises:
            ValueError: they are not such as the library takes, which would read beyond them.
        """
        strides = matrices.stride()
        if (
            matrices.shape != self.shape
            or matrices.dtype is not torch.float32
            or not matrices.is_cpu
            or strides[2] != 1
            or self.shape[0] * strides[0] >= LARGEST
        ):
            raise ValueError(
                f"Expected float32 {tuple(self.shape)} on the CPU, its rows contiguous. "
                f"Received: {matrices.dtype} {tuple(matrices.shape)}, strides {strides}"
            )
        self.matrices = matrices  # kept alive: the library knows its address alone
        pointer, row, member = self.taken
        pointer.value, row.value, member.value = matrices.data_ptr(), strides[1], strides[0]


class Product:
    """A product of K pairs of matrices, prepared once to be computed many times.

    A call writes `a @ b` into `out`, or adds it to what is there.

    Arguments:
        a: (K, M, N), or (K, N, M) with `turn_a`.
        b: (K, N, O), or (K, O, N) with `turn_b`.
        out: (K, M, O), apart from `a` and `b`.
        turn_a, turn_b: take the matrices transposed.
        add: to `out`.
    """

    __slots__ = ("_gemm", "_handed", "_held")

    def __init__(
        self,
        a: Operand,
        b: Operand,
        out: Operand,
        *,
        turn_a: bool = False,
        turn_b: bool = False,
        add: bool = False,
    ) -> None:
        gemm = openblas()
        assert gemm is not None
        members, rows, columns = out.shape
        own, inner = a.shape[:0:-1] if turn_a else a.shape[1:]
        assert inner == (b.shape[2] if turn_b else b.shape[1])
        assert (members, members, rows) == (a.shape[0], b.shape[0], own)
        assert columns == (b.shape[1] if turn_b else b.shape[2])
        self._gemm, self._held = gemm, (a, b, out)
        integer, real = ctypes.c_int, ctypes.c_float
        turns = (TRANSPOSED if turn_a else AS_IT_IS, TRANSPOSED if turn_b else AS_IT_IS)
        head = (ROW_MAJOR, *turns, rows, columns, inner)
        self._handed = (
            *map(integer, head),
            real(1.0), *a.taken,
            *b.taken,
            real(1.0 if add else 0.0), *out.taken, integer(members),
        )  # fmt: skip

    def __call__(self) -> None:
        """Compute it from what the operands point at now."""
        self._gemm(*self._handed)


def are_taken(a: Tensor, b: Tensor) -> bool:
    """Whether `multiply` takes these batches (K, ., .)."""
    return (
        openblas() is not None
        and a.dtype is b.dtype is torch.float32
        and a.is_cpu
        and b.is_cpu
        and a.numel() > 0
        and len(a) == len(b)
        and a.stride(2) == b.stride(2) == 1
        and len(a) * max(a.stride(0), b.stride(0)) < LARGEST
        and torch.get_num_threads() == 1
        and not (torch.is_grad_enabled() and (a.requires_grad or b.requires_grad))
    )


def multiply(
    a: Tensor,
    b: Tensor,
    out: Tensor,
    *,
    turn_a: bool = False,
    turn_b: bool = False,
    add: bool = False,
) -> None:
    """A `Product` computed at once; arguments as for it, of tensors for which `are_taken` holds."""
    operands = Operand(a), Operand(b), Operand(out)
    Product(*operands, turn_a=turn_a, turn_b=turn_b, add=add)()


@contextmanager
def _environment(**names: str) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
