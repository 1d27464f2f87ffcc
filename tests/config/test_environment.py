from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import flag, number, require_all, secret, secret_list

NAME = "PAPER_ROUTE_TEST_VARIABLE"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)


def test_what_the_environment_says_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, " said \n")
    assert secret(NAME, var_dir=tmp_path) == "said"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_missing_is_named_and_a_secret_is_made(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    monkeypatch.setenv("PAPER_ROUTE_SET", "x")
    with pytest.raises(ImproperlyConfigured, match=rf"must be set: {NAME}, {NAME}_2\.$"):
        require_all([NAME, "PAPER_ROUTE_SET", f"{NAME}_2"])
    assert len(secret(NAME, var_dir=tmp_path)) >= 50


@pytest.mark.parametrize(("word", "is_on"), [("1", True), ("True", True), ("on", True), ("0", False), ("", False)])
def test_a_flag_is_on_or_off(word: str, is_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, word)
    assert flag(NAME) is is_on


@pytest.mark.parametrize("word", ["maybe", "2", "productoin"])
def test_a_flag_that_is_neither_is_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, word)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        flag(NAME)


def test_a_number_keeps_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert number(NAME, 17, minimum=0, maximum=23) == 17
    monkeypatch.setenv(NAME, "23")
    assert number(NAME, 17, minimum=0, maximum=23) == 23
    for word in ("24", "-1", "abc", "1.5"):
        monkeypatch.setenv(NAME, word)
        with pytest.raises(ImproperlyConfigured, match=rf"{NAME} must be a whole number from 0 to 23"):
            number(NAME, 17, minimum=0, maximum=23)


def test_a_secret_made_here_is_kept_and_only_ours_to_read(tmp_path: Path) -> None:
    made = secret(NAME, var_dir=tmp_path)
    assert secret(NAME, var_dir=tmp_path) == made
    (path,) = tmp_path.iterdir()
    assert path.name == f"{NAME.lower()}.txt"
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_secret_is_another(tmp_path: Path) -> None:
    made = [secret(f"{NAME}_{number}", var_dir=tmp_path) for number in range(3)]
    assert len(set(made)) == 3


def test_those_who_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(name: str) -> str:
        together.wait(timeout=10)
        return secret(name, var_dir=tmp_path)

    with ThreadPoolExecutor(together.parties) as threads:
        # Again and again, because a race is not lost every time.
        for number in range(50):
            assert len(set(threads.map(start, [f"{NAME}_{number}"] * together.parties))) == 1
    assert len(list(tmp_path.iterdir())) == 50


def test_secrets_come_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, "new, old ,older")
    assert secret_list(NAME, var_dir=tmp_path) == ["new", "old", "older"]


@pytest.mark.parametrize("value", ["new,", ",old", ",", "new,,old"])
def test_an_empty_secret_among_others_is_a_mistake(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        secret_list(NAME, var_dir=tmp_path)
