"""Batched matrix products of float32 by OpenBLAS, where PyTorch's own library is slow.

PyTorch multiplies with MKL, which leaves half of an AMD processor's vector units idle: it knows
AVX-512 on Intel's alone. OpenBLAS, asked for its AVX-512 kernels, takes less time there. The
copy of it that the package `scipy-openblas32` brings is loaded beside those of numpy and scipy, so
that it does not matter which of them a process has imported. Each product of a batch is computed by
itself, on one thread: it has the same bits alone and among others.

`NNEXP_OPENBLAS=0` in the environment leaves all products to PyTorch, as does everything that is
not a float32 tensor on the CPU, computed with one thread.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

# enum CBLAS_LAYOUT and CBLAS_TRANSPOSE of cblas.h
ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
KERNELS = "SkylakeX"  # OpenBLAS' name of its AVX-512 kernels of float32; also AMD's from Zen 4 on

LARGEST = 2**31  # elements from the first to the last of a batch: OpenBLAS counts them in int32

_Gemm = Callable[..., None]


@functools.cache
def openblas() -> _Gemm | None:
    """OpenBLAS' `cblas_sgemm_batch_strided`; None where PyTorch's own library is as quick."""
    if os.environ.get("NNEXP_OPENBLAS") == "0" or not has_idle_vector_units():
        return None
    # not imported: that would load the library as it is, for all to see
    package = importlib.util.find_spec("scipy_openblas32")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "lib" / "libscipy_openblas.so"
    try:
        with _environment(OPENBLAS_CORETYPE=KERNELS, OPENBLAS_NUM_THREADS="1"):
            library = ctypes.CDLL(str(path))  # it reads the environment now
        name = library.scipy_openblas_get_corename
        name.restype = ctypes.c_char_p
        if name() != KERNELS.encode():
            return None
        gemm = library.scipy_cblas_sgemm_batch_strided
    except (OSError, AttributeError):
        return None
    integer, real, pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    operand = (pointer, integer, integer)  # where it is, and the strides of its rows and members
    gemm.argtypes = (*[integer] * 6, real, *operand, *operand, real, *operand, integer)
    gemm.restype = None
    return gemm


def has_idle_vector_units() -> bool:
    """Whether this is an AMD processor with AVX-512, as Linux tells."""
    if platform.machine() != "x86_64":
        return False
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "AuthenticAMD" in told and "avx512vl" in told


def are_quick(a: Tensor, b: Tensor) -> bool:
    """Whether `multiply` takes these batches (K, ., .), and should."""
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
    """Write the products `a @ b` of K pairs of matrices into `out`, or add them to what is there.

    Arguments:
        a: (K, M, N), or (K, N, M) with `turn_a`; `are_quick` holds for it and b.
        b: (K, N, O), or (K, O, N) with `turn_b`.
        out: (K, M, O), its rows contiguous, apart from `a` and `b`.
        turn_a, turn_b: take the matrices transposed.
        add: to `out`.
    """
    gemm = openblas()
    assert gemm is not None
    members, rows, columns = out.shape
    inner = a.size(1) if turn_a else a.size(2)
    # it is handed addresses, and would read and write beyond what is there
    assert inner == (b.size(2) if turn_b else b.size(1))
    assert (members, rows) == (len(a), a.size(2) if turn_a else a.size(1))
    assert columns == (b.size(1) if turn_b else b.size(2))
    gemm(
        ROW_MAJOR, TRANSPOSED if turn_a else AS_IT_IS, TRANSPOSED if turn_b else AS_IT_IS,
        rows, columns, inner,
        1.0, a.data_ptr(), a.stride(1), a.stride(0),
        b.data_ptr(), b.stride(1), b.stride(0),
        1.0 if add else 0.0, out.data_ptr(), out.stride(1), out.stride(0), members,
    )  # fmt: skip


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
