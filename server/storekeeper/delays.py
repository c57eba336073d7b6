"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator


def delays(first: float, longest: float) -> Iterator[float]:
    """Seconds, without end: exponential, and jittered so that those who failed together part."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.5)  # noqa: S311 (no secret depends on it)
        delay = min(delay * 2, longest)
