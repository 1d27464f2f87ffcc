from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import required, secret, secret_list

NAME = "PAPER_ROUTE_TEST_VARIABLE"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)


@pytest.mark.parametrize("production", [True, False])
def test_what_the_environment_says_counts(production: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, " said \n")
    assert secret(NAME, production=production, var_dir=tmp_path) == "said"
    assert required(NAME, production=production, embedded="other") == "said"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_does_not_start_without_it(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        secret(NAME, production=True, var_dir=tmp_path)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        secret_list(NAME, production=True, var_dir=tmp_path)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        required(NAME, production=True, embedded="other")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [None, "", "  "])
def test_elsewhere_something_embedded_stands_in(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    assert required(NAME, production=False, embedded="other") == "other"
    assert len(secret(NAME, production=False, var_dir=tmp_path)) >= 50


def test_a_secret_made_here_is_kept_and_only_ours_to_read(tmp_path: Path) -> None:
    made = secret(NAME, production=False, var_dir=tmp_path)
    assert secret(NAME, production=False, var_dir=tmp_path) == made
    (path,) = tmp_path.iterdir()
    assert path.name == f"{NAME.lower()}.txt"
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_secret_is_another(tmp_path: Path) -> None:
    made = [secret(f"{NAME}_{number}", production=False, var_dir=tmp_path) for number in range(3)]
    assert len(set(made)) == 3


def test_those_who_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(name: str) -> str:
        together.wait(timeout=10)
        return secret(name, production=False, var_dir=tmp_path)

    with ThreadPoolExecutor(together.parties) as threads:
        # Again and again, because a race is not lost every time.
        for number in range(50):
            assert len(set(threads.map(start, [f"{NAME}_{number}"] * together.parties))) == 1
    assert len(list(tmp_path.iterdir())) == 50


def test_secrets_come_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, "new, old ,older")
    assert secret_list(NAME, production=True, var_dir=tmp_path) == ["new", "old", "older"]


@pytest.mark.parametrize("value", ["new,", ",old", ",", "new,,old"])
def test_an_empty_secret_among_others_is_a_mistake(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        secret_list(NAME, production=True, var_dir=tmp_path)
