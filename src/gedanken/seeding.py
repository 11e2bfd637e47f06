"""The only source of randomness: streams named by what they are for.

`stream("discover", "free_fall", "train", 7, "noise")` is the same generator on every machine and in every process, and
independent of the stream of any other key. Names replace `seed + i`, whose neighbouring streams overlap.
"""

import hashlib

import numpy as np

Scalar = str | int | float | bool | None
"""What a part of a key may be."""


def digest(*key: Scalar) -> int:
    """A 128-bit integer that depends on every part of the key, on its type and on its order.

    Raises:
        TypeError: when a part is not a plain scalar, whose printed form could change from run to run.
    """
    parts = []
    for part in key:
        if part is not None and type(part) not in (str, int, float, bool):
            raise TypeError(f"a seeding key holds str, int, float, bool or None, not {type(part).__name__}")
        parts.append(f"{type(part).__name__}:{part!r}")
    # The length prefix keeps ("ab", "c") and ("a", "bc") apart.
    packed = "".join(f"{len(part)}|{part}" for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(packed, digest_size=16).digest(), "little")


def stream(*key: Scalar) -> np.random.Generator:
    """The random generator that belongs to `key`."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(digest(*key))))
