"""How figures are taken and told: one JSON line each. Rates depend on the machine; ratios within a run do not."""

import json
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from statistics import quantiles

from django.db import connection


def report(figure: str, unit: str, value: float, **more: float | str) -> None:
    """Print a figure, with the database it was taken on."""
    line = {"figure": figure, "database": connection.vendor, "unit": unit, "value": round(value, 2)}
    print(json.dumps(line | more), flush=True)  # noqa: T201


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def traced_megabytes(action: Callable[[], object]) -> float:
    """Return the most memory that Python held for `action` at once, on top of what it held before."""
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def resident_megabytes() -> float:
    """Return the most memory this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def milliseconds(times: list[float]) -> dict[str, float]:
    """Return median and 95th percentile of times in seconds."""
    cuts = quantiles(times, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49] * 1000, 1), "p95_ms": round(cuts[94] * 1000, 1)}
