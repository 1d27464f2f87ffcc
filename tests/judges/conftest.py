"""The mails, the judges that take long to start, and what they said, shown after the tests."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.browser.conftest import chromium, site  # noqa: F401  fixtures
from tests.every_mail import AS_ON_A_SERVER, Mail, hard_digests, letters
from tests.judges import rspamd
from tests.judges.verdicts import Finding, Verdict

FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()
Pass = Callable[[Verdict], None]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    for figure in sorted(figures):
        terminalreporter.write_line(figure)


@pytest.fixture
def pass_judge(pytestconfig: pytest.Config) -> Pass:
    """Keep the judge's figure for the end, and fail with what it found."""

    def note(verdict: Verdict) -> None:
        pytestconfig.stash[FIGURES].append(verdict.figure)
        if verdict.findings:
            pytest.fail(_told(verdict.findings), pytrace=False)

    return note


def _told(findings: Sequence[Finding]) -> str:
    """Each fault once, with where it is."""
    places: dict[str, set[str]] = {}
    for found in findings:
        places.setdefault(found.what, set()).add(found.where)
    return "\n".join(f"{what} [{', '.join(sorted(where))}]" for what, where in sorted(places.items()))


@pytest.fixture(scope="session")
def mails(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Sequence[Mail]:
    with django_db_blocker.unblock(), override_settings(**AS_ON_A_SERVER):
        return [*hard_digests(), *letters()]


@pytest.fixture(scope="session")
def rspamd_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rspamd.running(tmp_path_factory.mktemp("rspamd")) as address:
        yield address
