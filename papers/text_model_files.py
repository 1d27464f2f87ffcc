"""Keeps text models as files that any number of processes map into memory. No database, no clock.

The folder holds a folder for each version, with the arrays and a manifest that tells what they must be, and `current`,
the name of the version that counts and the checksum of its manifest. A version is written elsewhere and renamed, so
that it is there whole or not at all, and never changes: whoever has opened it may go on reading after it was removed.
"""

import fcntl
import json
import mmap
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from papers.text_model import TextModel

FORMAT = 1
MANIFEST = "manifest.json"
POINTER = "current"
LOCK = "lock"
VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
DRAFT = re.compile(rf"\.{VERSION.pattern}\.\w+")
PLAIN = ("paper_ids", "days", "hashes", "worth", "mean")
SPARSE = ("vectors", "postings")
SPARSE_PARTS = ("data", "indices", "indptr")

Array = NDArray[Any]


class ModelUnusable(Exception):
    """There is no model to be read; the message says why."""


@dataclass(frozen=True)
class ArrayFile:
    """What the file of an array must be like; `crc32` is of all its bytes."""

    shape: tuple[int, ...]
    dtype: str
    crc32: int


@dataclass(frozen=True)
class Manifest:
    """What a version holds; `last_paper_id` is 0 where there are no papers."""

    version: str
    made_at: datetime
    papers: int
    last_paper_id: int
    terms: int
    mean_length: float
    arrays: Mapping[str, ArrayFile]


class KeptModel(NamedTuple):
    """A model that was read, and what is told of it."""

    manifest: Manifest
    model: TextModel


def name_version(made_at: datetime) -> str:
    """Return a name for a model that is made at that time; two of one second have different names."""
    return f"{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@contextmanager
def one_writer(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the right to write into `folder`, which one process has at a time; yield whether it was free.

    Without `wait` it may not be. A process that dies gives it back.
    """
    # As closed to others as the folder of all files is; one that was made with other rights keeps them.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def save_model(folder: Path, model: TextModel, made_at: datetime) -> None:
    """Write `model` into `folder` and make it the current one; keep the one before it, which others may be opening.

    Only by `one_writer`: what looks unfinished is removed. Raises OSError.
    """
    before, _ = _parse_pointer(read_pointer(folder))
    draft = folder / f".{model.version}.{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        arrays = {name: _write_array(draft / f"{name}.npy", array) for name, array in _arrays_of(model).items()}
        manifest = json.dumps({"format": FORMAT, **asdict(_describe(model, made_at, arrays))}, default=str).encode()
        _write(draft / MANIFEST, manifest)
        _sync_folder(draft)
        draft.rename(folder / model.version)
        _sync_folder(folder)
        _point_to(folder, f"{model.version} {zlib.crc32(manifest):08x}\n")
    finally:
        _remove_all_but(folder, {model.version, before})


def read_pointer(folder: Path) -> str:
    """Return what tells the current version: another text, another model. Empty where there is none."""
    try:
        return (folder / POINTER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def read_model(folder: Path) -> KeptModel:
    """Return the current model of `folder`, whose arrays stay in the files and are checked to be what was written.

    Raises ModelUnusable.
    """
    pointer = read_pointer(folder)
    if not pointer:
        raise ModelUnusable(f"no text model is kept in {folder}")
    try:
        return _read_version(folder, *_parse_pointer(pointer))
    except ModelUnusable:
        # Others made two newer ones meanwhile and removed this.
        if read_pointer(folder) != pointer:
            return read_model(folder)
        raise


def _arrays_of(model: TextModel) -> dict[str, Array]:
    plain = {name: getattr(model, name) for name in PLAIN}
    sparse = {f"{name}_{part}": getattr(getattr(model, name), part) for name in SPARSE for part in SPARSE_PARTS}
    return plain | sparse


def _describe(model: TextModel, made_at: datetime, arrays: Mapping[str, ArrayFile]) -> Manifest:
    return Manifest(
        version=model.version,
        made_at=made_at,
        papers=len(model.paper_ids),
        last_paper_id=int(model.paper_ids[-1]) if len(model.paper_ids) else 0,
        terms=len(model.hashes),
        mean_length=model.mean_length,
        arrays=arrays,
    )


def _write_array(path: Path, array: Array) -> ArrayFile:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return ArrayFile(array.shape, array.dtype.str, _checksum(path))


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _point_to(folder: Path, pointer: str) -> None:
    draft = folder / f".{POINTER}"
    _write(draft, pointer.encode())
    draft.replace(folder / POINTER)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Make sure that the names in it are on disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove_all_but(folder: Path, kept: set[str]) -> None:
    """Remove old versions, and drafts of processes that died; whatever else is in there is not ours."""
    for path in list(folder.iterdir()):
        is_old = VERSION.fullmatch(path.name) and path.name not in kept
        if is_old or DRAFT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _parse_pointer(pointer: str) -> tuple[str, str]:
    """Return the version and the checksum of its manifest, as they stand there."""
    version, _, checksum = pointer.partition(" ")
    return version, checksum.strip()


def _read_version(folder: Path, version: str, checksum: str) -> KeptModel:
    if not VERSION.fullmatch(version):
        raise ModelUnusable(f"{folder / POINTER} names no version")
    path = folder / version
    try:
        manifest = _read_manifest(path / MANIFEST, checksum)
        arrays = {name: _map_array(path / f"{name}.npy", expected) for name, expected in manifest.arrays.items()}
        return KeptModel(manifest, _build(manifest, arrays))
    # Of whatever kind: files are missing, or hold something else, which breaks in as many ways.
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as err:
        raise ModelUnusable(f"text model {path}: {err!r}") from err


def _read_manifest(path: Path, checksum: str) -> Manifest:
    content = path.read_bytes()
    if f"{zlib.crc32(content):08x}" != checksum:
        raise ModelUnusable(f"{path} is not what was written")
    told = json.loads(content)
    if (found := told.pop("format")) != FORMAT:
        raise ModelUnusable(f"{path} has format {found}, and this program reads {FORMAT}")
    arrays = {
        name: ArrayFile(tuple(array["shape"]), array["dtype"], array["crc32"])
        for name, array in told.pop("arrays").items()
    }
    return Manifest(made_at=datetime.fromisoformat(told.pop("made_at")), arrays=arrays, **told)


def _map_array(path: Path, expected: ArrayFile) -> Array:
    """Return the array of a file, mapped into memory for reading only."""
    if _checksum(path) != expected.crc32:
        raise ModelUnusable(f"{path} is not what was written")
    array: Array = np.asarray(np.load(path, mmap_mode="r"))
    if (array.shape, array.dtype.str) != (expected.shape, expected.dtype):
        raise ModelUnusable(f"{path} holds {array.shape} {array.dtype.str}")
    return array


def _checksum(path: Path) -> int:
    # An .npy file is never empty, since it begins with a header; one that is cannot be mapped: a ValueError.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return zlib.crc32(content)


def _build(manifest: Manifest, arrays: Mapping[str, Array]) -> TextModel:
    shape = (manifest.papers, manifest.terms)
    return TextModel(
        version=manifest.version,
        mean_length=manifest.mean_length,
        vectors=_as_sparse(csr_matrix, "vectors", arrays, shape),
        postings=_as_sparse(csc_matrix, "postings", arrays, shape),
        **{name: arrays[name] for name in PLAIN},
    )


def _as_sparse(kind: type[Any], name: str, arrays: Mapping[str, Array], shape: tuple[int, int]) -> Any:
    """Return a sparse matrix upon these arrays, none of which is copied."""
    matrix = kind(tuple(arrays[f"{name}_{part}"] for part in SPARSE_PARTS), shape, copy=False)
    # They were written in order, each entry once. Else it would look, and would try to sort them where they are.
    matrix.has_canonical_format = True
    return matrix
