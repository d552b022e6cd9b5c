"""The grid of `bench_sweep.py` as one JAX program: jit(vmap(scan)) over the runs.

Row order, dropout and the validation after every epoch are in the program. Two things make it
quicker than its plainest form (measured on CPU): dropout's random bits are drawn for an epoch at
once, 16 to a number, and threefry is told not to split its stream by device.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from bench_grid import DROPOUT, HIDDEN, Result, Setting, Work, cores

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def program(work: Work) -> Any:
    """A function of (lr, l2, seed) that is one whole training: validation accuracy by epoch."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    x_train, y_train = jnp.asarray(work.x_train), jnp.asarray(work.y_train)
    x_valid, y_valid = jnp.asarray(work.x_valid), jnp.asarray(work.y_valid)
    widths, batch, rows = work.widths, work.batch, len(work.x_train)
    full, rest = divmod(rows, batch)

    def initial(key: Any) -> Any:
        """As nn.Linear's: uniform within 1 / sqrt(inputs)."""
        keys = iter(jax.random.split(key, 2 * len(widths)))
        return [
            tuple(
                jax.random.uniform(next(keys), shape, minval=-1, maxval=1) / inputs**0.5
                for shape in ((inputs, units), (units,))
            )
            for inputs, units in pairwise(widths)
        ]

    def masks(key: Any, *shape: int) -> Any:
        """What hidden units are multiplied by: (*shape, layers, widest), as booleans."""
        bits = jax.random.bits(key, (*shape[:-1], len(HIDDEN), shape[-1], max(HIDDEN)), "uint16")
        return bits >= round(DROPOUT * 2**16)

    def cross_entropy(parameters: Any, x: Any, y: Any, kept: Any = None) -> Any:
        for layer, (w, b) in enumerate(parameters[:-1]):
            x = jax.nn.relu(x @ w + b)
            if kept is not None:
                x = jnp.where(kept[layer, :, : x.shape[1]], x / (1 - DROPOUT), 0)
        w, b = parameters[-1]
        logits = x @ w + b
        own = jnp.take_along_axis(logits, y[:, None], 1)[:, 0]
        return (jax.nn.logsumexp(logits, 1) - own).mean(), logits

    def step(carry: Any, chosen: Any, lr: Any, l2: Any) -> Any:
        """Adam (Kingma & Ba 2015, algorithm 1), with the gradient of l2 * sum w^2."""
        parameters, mean, square, count = carry
        own, kept = chosen
        gradient = jax.value_and_grad(cross_entropy, has_aux=True)
        (loss, _), g = gradient(parameters, x_train[own], y_train[own], kept)
        g = [(gw + 2 * l2 * w, gb) for (gw, gb), (w, _) in zip(g, parameters, strict=True)]
        count = count + 1
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, g)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, g)
        rate, root = lr / (1 - BETA1**count), lax.rsqrt(1 - BETA2**count)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + EPS), parameters, mean, square
        )
        return (parameters, mean, square, count), loss

    def epoch(carry: Any, key: Any, lr: Any, l2: Any) -> Any:
        first, second, third = jax.random.split(key, 3)
        order = jax.random.permutation(first, rows)
        one = partial(step, lr=lr, l2=l2)
        whole = order[: full * batch].reshape(full, batch)
        carry, losses = lax.scan(one, carry, (whole, masks(second, full, batch)))
        if rest:
            carry, _ = one(carry, (order[full * batch :], masks(third, rest)))
        loss, logits = cross_entropy(carry[0], x_valid, y_valid)
        return carry, (losses.mean(), loss, (logits.argmax(1) == y_valid).mean())

    def train(lr: Any, l2: Any, seed: Any) -> Any:
        first, second = jax.random.split(jax.random.key(seed))
        parameters = initial(first)
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        carry = (parameters, zeros, zeros, jnp.float32(0))
        keys = jax.random.split(second, work.epochs)
        return lax.scan(partial(epoch, lr=lr, l2=l2), carry, keys)[1]

    return train


def configure(devices: int) -> None:
    """Before JAX does anything in a process: its CPU as so many devices."""
    import jax

    jax.config.update("jax_num_cpu_devices", devices)
    jax.config.update("jax_threefry_partitionable", False)


@lru_cache(maxsize=4)
def compiled(work: Work, count: int, devices: int) -> tuple[Any, Any, float]:
    """The program for `count` runs, where its arguments lie, and the seconds of making it."""
    import jax
    from jax import numpy as jnp
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    start = time.perf_counter()
    runs = PartitionSpec("runs")
    mesh = Mesh(np.array(jax.devices("cpu")[:devices]), ("runs",))
    grid = jax.vmap(program(work))
    if devices > 1:
        grid = jax.shard_map(grid, mesh=mesh, in_specs=runs, out_specs=runs, check_vma=False)
    place = NamedSharding(mesh, runs)
    like = [jax.device_put(jnp.zeros(count, kind), place) for kind in ("f4", "f4", "i4")]
    made = jax.jit(grid).lower(*like).compile()
    return made, place, time.perf_counter() - start


def jax_vmap(work: Work, settings: Sequence[Setting], *, devices: int = 1) -> Result:
    """All runs as one program.

    Arguments:
        devices: 1, or as many as there are cores, with its share of the runs on each; the same
            in every call of a process.
    """
    configure(devices)
    import jax
    from jax import numpy as jnp

    misses = compiled.cache_info().misses
    made, place, seconds = compiled(work, len(settings), devices)
    fresh = compiled.cache_info().misses > misses
    numbers = (
        jnp.array([setting.lr for setting in settings], "f4"),
        jnp.array([setting.l2 for setting in settings], "f4"),
        jnp.array([setting.seed for setting in settings], "i4"),
    )
    _, _, accuracies = made(*(jax.device_put(column, place) for column in numbers))
    return Result(np.asarray(accuracies)[:, -1].tolist(), seconds if fresh else 0.0)


def jax_devices(work: Work, settings: Sequence[Setting]) -> Result:
    """All runs as one program, a share of them on each core (`shard_map`)."""
    count = cores()
    while len(settings) % count:
        count -= 1
    return jax_vmap(work, settings, devices=count)
