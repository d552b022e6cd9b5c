"""What does not fit the memory, told as the mistake that it is."""

from __future__ import annotations

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import MLPConfig
from nnexp.errors import UserError

# how the allocators of PyTorch and C++ say it, and CUDA's libraries, which allocate when they begin
_SAID = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "cublasCreate",
)
# of sizes that no address holds; a number that overflows its dtype says otherwise
_OVERFLOWS = (
    "Storage size calculation overflowed",
    "Stride calculation overflowed",
    "Tensor storage size overflowed",
    "numel: integer multiplication overflow",
)


def too_large(error: BaseException, config: Config) -> UserError | None:
    """The three lines for an allocation that failed; None for any other error.

    Arguments:
        error: what a run ended with.
        config: the run's.
    """
    said = str(error)
    if not isinstance(error, MemoryError) and not (
        isinstance(error, RuntimeError) and any(word in said for word in (*_SAID, *_OVERFLOWS))
    ):
        return None
    batch = f"trainer.batch_size={config.trainer.batch_size}"
    if isinstance(config.model, MLPConfig):
        what = f"model.hidden={literal(config.model.hidden)} with {batch} does"
        remedy = "model.hidden=[128,128]"
    else:
        what = f"model={config.model.name} with {batch} does"
        remedy = f"trainer.batch_size={max(1, min(32, config.trainer.batch_size // 2))}"
    return UserError(
        f"{what} not fit the memory",
        "a network and a batch for which there is memory: weights, gradients and what the "
        "optimizer keeps of each",
        remedy,
    )
