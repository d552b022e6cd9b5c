"""How much longer PyTorch's library takes than OpenBLAS for the products of a layer, over sizes.

    python scripts/bench_products.py [--members 6] [--rounds 5]

A layer's forward pass and the two halves of its backward pass are three products; for each the
ratio of the two libraries' medians is printed, above 1 where OpenBLAS is quicker, with a star
where `is_quicker` has OpenBLAS compute it on this processor. The libraries take turns. Run it on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import product

import torch

from nnexp.model.products import Operand, Product, is_quicker, openblas, quick_kernels

BATCHES = (8, 32, 64, 256)
LAYERS = (  # inputs, outputs
    (16, 16), (32, 32), (64, 64), (64, 128), (128, 128), (256, 256),
    (13, 64), (30, 128),
    (64, 2), (64, 10), (128, 10), (256, 26),
)  # fmt: skip
TURN = 0.005  # seconds of one library before the other's turn


def seconds(call: Callable[[], object]) -> float:
    """Of one call, on average over a turn."""
    call()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < TURN:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls


def ratios(members: int, batch: int, inputs: int, outputs: int, rounds: int) -> list[str]:
    """Of the forward pass, the gradient by the weight and that by the input."""
    h, weight = torch.randn(members, batch, inputs), torch.randn(members, inputs, outputs)
    d, by_weight = torch.randn(members, batch, outputs), torch.empty_like(weight)
    out, by_input = torch.empty_like(d), torch.empty_like(h)
    of = {id(own): Operand(own) for own in (h, weight, d, out, by_weight, by_input)}
    pairs = [
        (
            partial(torch.bmm, h, weight, out=out),
            Product(of[id(h)], of[id(weight)], of[id(out)]),
            is_quicker(batch, inputs, outputs),
        ),
        (
            partial(torch.bmm, h.mT, d, out=by_weight),
            Product(of[id(h)], of[id(d)], of[id(by_weight)], turn_a=True),
            is_quicker(inputs, batch, outputs),
        ),
        (
            partial(torch.bmm, d, weight.mT, out=by_input),
            Product(of[id(d)], of[id(weight)], of[id(by_input)], turn_b=True),
            is_quicker(batch, outputs, inputs, turn_b=True),
        ),
    ]
    found = []
    for one, other, chosen in pairs:
        times = [(seconds(one), seconds(other)) for _ in range(rounds)]
        ratio = statistics.median(a / b for a, b in times)
        found.append(f"{ratio:.2f}{'*' if chosen else ' '}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=6, help="of the stack")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each library")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if openblas() is None:
        print("PyTorch's library computes all products on this processor")
        return
    print(f"{quick_kernels()}, {options.members} members; PyTorch's time over OpenBLAS'")
    print(f"{'batch, inputs, outputs':26}forward  by weight  by input")
    for batch, (inputs, outputs) in product(BATCHES, LAYERS):
        found = ratios(options.members, batch, inputs, outputs, options.rounds)
        print(
            f"{batch:5}{inputs:7}{outputs:9}" + "".join(f"{own:>11}" for own in found), flush=True
        )


if __name__ == "__main__":
    main()
