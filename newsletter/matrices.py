"""Arithmetic by the row, of dense arrays and of sparse ones; and room for much of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


def standardise(values: Floats) -> Floats:
    """Return each row shifted and scaled to mean 0 and deviation 1; a row of equal values becomes zeros."""
    if not values.size:
        return values
    deviation = values.std(axis=1, keepdims=True)
    # A deviation of nothing but rounding is none.
    is_flat = deviation <= 1e-6 * np.abs(values).max(axis=1, keepdims=True)
    return np.where(is_flat, 0, (values - values.mean(axis=1, keepdims=True)) / np.where(is_flat, 1, deviation))


def multiply_rows(rows: csr_matrix, factors: Floats) -> csr_matrix:
    """Return each of `rows` times its factor."""
    data = (rows.data * np.repeat(factors, np.diff(rows.indptr))).astype(np.float32)
    return csr_matrix((data, rows.indices, rows.indptr), rows.shape)


def shares_of(wholes: Floats) -> Floats:
    """Return what each part of a whole is to be multiplied by to be its share; of nothing there are none."""
    return np.divide(1, wholes, out=np.zeros_like(wholes), where=wholes > 0)


def largest_of_rows(matches: csr_matrix, count: int) -> csr_matrix:
    """Return the `count` largest entries of each row, scaled to add to one; of equals those that come first."""
    kept = [start + largest(matches.data[start:end], count) for start, end in pairwise(matches.indptr.tolist())]
    ends = np.cumsum([0, *map(len, kept)])
    places = np.concatenate([*kept, np.empty(0, np.int64)]).astype(np.int64)
    best = csr_matrix((matches.data[places], matches.indices[places], ends), matches.shape)
    whole = np.asarray(best.sum(axis=1)).ravel()
    return multiply_rows(best, shares_of(whole))


def largest(values: Floats, count: int) -> Ints:
    """Return the places of the `count` largest of `values`; of equals the first."""
    if len(values) > count:
        enough = np.nonzero(values >= np.partition(values, -count)[-count])[0]
    else:
        enough = np.arange(len(values))
    return enough[np.argsort(-values[enough], kind="stable")[:count]]


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Keep the collector from looking for cycles in what is made here, where there are none: it would take a third of
    the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
