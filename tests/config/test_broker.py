from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection


def channel_over(folder: Path) -> Any:
    folders = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    connection = Connection("filesystem://localhost", transport="config.broker:Transport", transport_options=folders)
    return connection.channel()


def test_a_message_comes_out_as_it_went_in(tmp_path: Path) -> None:
    channel = channel_over(tmp_path)
    channel._put("queue", {"body": "é"})
    assert channel._get("queue") == {"body": "é"}
    with pytest.raises(Empty):
        channel._get("queue")


def test_messages_come_in_the_order_in_which_they_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = channel_over(tmp_path)
    moments = iter([9_000_000_000, 9_500_000_000])
    monkeypatch.setattr("config.broker.time.monotonic_ns", lambda: next(moments))
    for number in (1, 2):
        channel._put("queue", {"number": number})
    assert [channel._get("queue")["number"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("left_behind", ["", '{"body": '])
def test_what_cannot_be_read_is_dropped_and_the_next_message_is_read(tmp_path: Path, left_behind: str) -> None:
    channel = channel_over(tmp_path)
    (tmp_path / "0_a.queue.msg").write_text(left_behind)
    channel._put("queue", {"body": "whole"})
    with pytest.raises(Empty):
        channel._get("queue")
    assert channel._get("queue") == {"body": "whole"}


def test_a_message_is_there_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = channel_over(tmp_path)
    seen: list[Path] = []
    rename = Path.rename

    def look_and_rename(draft: Path, to: Path) -> Path:
        seen.extend(tmp_path.glob("*.msg"))
        return rename(draft, to)

    monkeypatch.setattr(Path, "rename", look_and_rename)
    channel._put("queue", {"body": "x" * 100_000})
    assert seen == []
    assert channel._get("queue")["body"] == "x" * 100_000
