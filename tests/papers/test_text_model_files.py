"""A model on disk: what was written is read, or nothing is."""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from papers.text_model import Text, TextModel, count_terms, fit
from papers.text_model_files import (
    MANIFEST,
    POINTER,
    ModelUnusable,
    name_version,
    one_writer,
    read_model,
    read_pointer,
    save_model,
)
from tests.journey import ROOT, environment

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TEXTS = [Text("robot memory", "graph token"), Text("robot memory"), Text("graph token"), *map(Text, "abcdefgh")]

# Opens the current model over and over, and says so, until told to stop.
READ_UNTIL_STOPPED = """
import sys
from pathlib import Path
from papers.text_model_files import read_model

folder, stop, found = Path(sys.argv[1]), Path(sys.argv[2]), set()
while not stop.exists():
    kept = read_model(folder)
    assert kept.model.vectors.sum() > 0
    found.add(kept.manifest.version)
    print(len(found), flush=True)
"""

# Saves a model of its own so many times, taking turns with whoever else does.
SAVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tests.papers.test_text_model_files import make_model
from papers.text_model_files import one_writer, save_model

for _ in range(8):
    with one_writer(Path(sys.argv[1])):
        save_model(Path(sys.argv[1]), make_model(), datetime.now(UTC))
"""


def make_model(texts: list[Text] = TEXTS, at: datetime = AT) -> TextModel:
    ids = np.arange(1, len(texts) + 1)
    return fit(ids, ids + 700_000, count_terms(texts), name_version(at))


def save(folder: Path, at: datetime = AT, texts: list[Text] = TEXTS) -> TextModel:
    model = make_model(texts, at)
    with one_writer(folder):
        save_model(folder, model, at)
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def versions(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir()}


def bytes_of(model: TextModel) -> dict[str, object]:
    arrays: dict[str, object] = {}
    for name, value in vars(model).items():
        if hasattr(value, "indptr"):
            arrays |= {f"{name}.{part}": getattr(value, part).tobytes() for part in ("data", "indices", "indptr")}
            arrays[f"{name}.shape"] = value.shape
        else:
            arrays[name] = value.tobytes() if isinstance(value, np.ndarray) else value
    return arrays


@pytest.mark.parametrize("texts", [TEXTS, [Text("nothing shared")], []], ids=["papers", "no terms", "no papers"])
def test_a_model_is_read_as_it_was_written(folder: Path, texts: list[Text]) -> None:
    saved = save(folder, texts=texts)
    manifest, model = read_model(folder)
    assert bytes_of(model) == bytes_of(saved)
    assert (manifest.version, manifest.made_at) == (saved.version, AT)
    assert (manifest.papers, manifest.last_paper_id, manifest.terms) == (len(texts), len(texts), len(saved.hashes))


def test_a_model_that_was_read_can_do_what_the_written_one_can(folder: Path) -> None:
    def work(model: TextModel) -> list[list[list[float]]]:
        some = model.vectors[np.array([2, 0])]
        vectors, queries = model.vectors_of(TEXTS), model.queries_of(["robot", "graph token"])
        return [product.toarray().tolist() for product in (some, queries @ model.postings.T, vectors @ model.vectors.T)]

    saved = save(folder)
    assert work(read_model(folder).model) == work(saved)


def test_arrays_stay_in_the_files_and_cannot_be_written_to(folder: Path) -> None:
    save(folder)
    model = read_model(folder).model
    for array in (model.paper_ids, model.mean, model.vectors.data, model.vectors.indices, model.postings.indptr):
        mapped = array
        while isinstance(mapped, np.ndarray) and not isinstance(mapped, np.memmap):
            mapped = mapped.base
        assert isinstance(mapped, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# --- Damage ------------------------------------------------------------------------------------------------------


def current(folder: Path) -> Path:
    return folder / read_pointer(folder).split()[0]


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def write_manifest(folder: Path, content: bytes) -> None:
    """Put another manifest in, and point to it as if it had been written by us."""
    version = current(folder)
    (version / MANIFEST).write_bytes(content)
    (folder / POINTER).write_text(f"{version.name} {zlib.crc32(content):08x}\n")


def change_manifest(folder: Path, **changes: object) -> None:
    told = json.loads((current(folder) / MANIFEST).read_text())
    write_manifest(folder, json.dumps(told | changes).encode())


def each_file(folder: Path) -> list[Path]:
    return sorted(current(folder).iterdir())


FILES = 12
DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "empty": lambda path: os.truncate(path, 0),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "first byte changed": lambda path: flip(path, 0),
    "last byte changed": lambda path: flip(path, -1),
    "missing": Path.unlink,
    "a folder": lambda path: path.rename(path.with_name("file")).with_name(path.name).mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("number", range(FILES))
def test_a_model_with_any_damaged_file_is_unusable(folder: Path, number: int, damage: Callable[[Path], object]) -> None:
    save(folder)
    assert len(each_file(folder)) == FILES
    damage(each_file(folder)[number])
    with pytest.raises(ModelUnusable):
        read_model(folder)


def test_a_manifest_that_still_makes_sense_but_was_changed_is_unusable(folder: Path) -> None:
    saved = save(folder)
    path = current(folder) / MANIFEST
    path.write_text(path.read_text().replace(str(saved.mean_length), str(saved.mean_length + 1)))
    with pytest.raises(ModelUnusable, match=r"manifest\.json is not what was written"):
        read_model(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"format": 1}', b'{"format": 1, "arrays": []}', b"\xff\xfe", b'"text"'],
)
def test_a_foreign_manifest_is_unusable(folder: Path, content: bytes) -> None:
    save(folder)
    write_manifest(folder, content)
    with pytest.raises(ModelUnusable):
        read_model(folder)


@pytest.mark.parametrize(
    "changes",
    [{"arrays": {}}, {"papers": 5}, {"terms": "many"}, {"made_at": "today"}, {"unheard_of": 1}],
)
def test_a_manifest_that_says_something_else_is_unusable(folder: Path, changes: dict[str, object]) -> None:
    save(folder)
    change_manifest(folder, **changes)
    with pytest.raises(ModelUnusable):
        read_model(folder)


def test_a_file_of_another_shape_is_unusable(folder: Path) -> None:
    save(folder)
    path = current(folder) / "mean.npy"
    np.save(path, np.load(path)[:-1])
    told = json.loads((current(folder) / MANIFEST).read_text())
    told["arrays"]["mean"]["crc32"] = zlib.crc32(path.read_bytes())
    change_manifest(folder, arrays=told["arrays"])
    with pytest.raises(ModelUnusable, match="mean"):
        read_model(folder)


def test_another_format_is_unusable_and_told(folder: Path) -> None:
    save(folder)
    change_manifest(folder, format=2)
    with pytest.raises(ModelUnusable, match="has format 2, and this program reads 1"):
        read_model(folder)


@pytest.mark.parametrize("pointer", ["nonsense", "..", "/etc 00000000", "20261123T180000Z-00000000 00000000\n"])
def test_a_pointer_to_nothing_is_unusable(folder: Path, pointer: str) -> None:
    save(folder)
    (folder / POINTER).write_text(pointer)
    with pytest.raises(ModelUnusable):
        read_model(folder)


def test_no_model_at_all_is_unusable(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match="no text model is kept"):
        read_model(folder)
    assert read_pointer(folder) == ""


# --- Swapping ----------------------------------------------------------------------------------------------------


def test_the_version_before_stays_and_older_ones_go(folder: Path) -> None:
    first, second, third = (save(folder, AT + timedelta(hours=hours)) for hours in range(3))
    assert read_model(folder).model.version == third.version
    assert versions(folder) == {second.version, third.version}
    assert first.version < second.version < third.version


def test_what_is_open_stays_readable_after_its_files_are_removed(folder: Path) -> None:
    first = bytes_of(save(folder))
    model = read_model(folder).model
    for hours in (1, 2):
        save(folder, AT + timedelta(hours=hours))
    assert model.version not in versions(folder)
    assert bytes_of(model) == first


def test_what_a_killed_process_left_is_removed_and_what_others_put_there_is_not(folder: Path) -> None:
    before = save(folder)
    draft = folder / f".{name_version(AT)}.0123abcd"
    foreign = folder / "papers"
    for path in (draft, foreign):
        path.mkdir()
        (path / "vectors_data.npy").write_bytes(b"half")
    saved = save(folder)
    assert versions(folder) == {before.version, saved.version, "papers"}


def test_a_model_that_cannot_be_written_leaves_the_one_before_and_no_draft(folder: Path) -> None:
    before = save(folder)
    (folder / f".{POINTER}").mkdir()
    with pytest.raises(OSError, match="directory"):
        save(folder)
    assert read_model(folder).model.version == before.version
    assert not [path for path in folder.iterdir() if path.name.startswith(".2")]


def test_only_the_owner_may_look_into_the_folder(folder: Path) -> None:
    save(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_who_does_not_wait_is_told_that_another_is_writing(folder: Path) -> None:
    with one_writer(folder, wait=False) as first, one_writer(folder, wait=False) as second:
        assert (first, second) == (True, False)
    with one_writer(folder, wait=False) as third:
        assert third


def start(program: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe, text=True)


def test_a_process_that_reads_sees_a_whole_model_at_every_moment(folder: Path, tmp_path: Path) -> None:
    save(folder)
    reader = start(READ_UNTIL_STOPPED, folder, tmp_path / "stop")
    assert reader.stdout
    reader.stdout.readline()
    for number in range(60):
        save(folder, AT + timedelta(seconds=number))
    (tmp_path / "stop").touch()
    told, complaints = reader.communicate(timeout=60)
    assert reader.returncode == 0, complaints
    assert int(told.split()[-1]) > 2


def test_who_opens_what_is_replaced_meanwhile_gets_the_newer_one(folder: Path) -> None:
    save(folder)
    manifest = current(folder) / MANIFEST
    manifest.unlink()
    # Whoever reads this waits until it is closed, and finds nothing in it.
    os.mkfifo(manifest)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_model, folder)
        with manifest.open("wb"):
            newer = save(folder, AT + timedelta(hours=1))
        assert reading.result().model.version == newer.version


def test_two_processes_that_save_at_once_both_end_well_and_one_wins(folder: Path) -> None:
    writers = [start(SAVE, folder) for _ in range(2)]
    for writer in writers:
        _, complaints = writer.communicate(timeout=90)
        assert writer.returncode == 0, complaints
    assert read_model(folder).model.version in versions(folder)
    assert len(versions(folder)) == 2
