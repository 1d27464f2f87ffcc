"""Promises about the project as a whole."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from papers.sources import SOURCES
from tests.journey import ROOT, environment

APPS = ("papers", "subscribers", "newsletter", "mail")
# The only places that may know HTTP or Celery.
EDGES = {
    "stopping",
    "views",
    "feeds",
    "sitemaps",
    "api",
    "tasks",
    "admin",
    "urls",
    "receivers",
    "forms",
    "pages",
    "management",
}
EDGES |= {
    "webhooks",
    "health",
    "callers",
    "finding",
    "keeping",
    "paging",
    "privacy_views",
    "feedback_views",
    "interest_views",
}


def production(var_dir: Path) -> dict[str, str]:
    return {
        "VAR_DIR": str(var_dir),
        "PRODUCTION": "1",
        "SECRET_KEY": "secret-of-production-0123456789-abcdefghijklmnopqrstuvwxyz",
        "LINK_KEYS": "link-key-of-production-0123456789",
        "SUPPRESSION_KEY": "suppression-key-of-production-0123456789",
        "SITE_URL": "https://papers.example",
        "POSTAL_ADDRESS": "1 Printer's Lane, Papertown",
        "NEWSLETTER_FROM": "Paper Route <digest@papers.example>",
        "SUBSCRIBERS_FROM": "Paper Route <hello@papers.example>",
        "DATABASE_URL": "postgres://user:password@127.0.0.1:5432/paper_route",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "ADMINS": "me@papers.example",
        "ANYMAIL_PROVIDER": "postmark",
        "ANYMAIL_POSTMARK_SERVER_TOKEN": "token",
        "ANYMAIL_WEBHOOK_SECRET": "name:password",
        "MAIL_PER_SECOND": "10",
    }


REQUIRED = ("SECRET_KEY", "LINK_KEYS", "SUPPRESSION_KEY", "SITE_URL", "POSTAL_ADDRESS", "NEWSLETTER_FROM")


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- Migrations and deployment ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_production_settings_pass_django_s_own_checks(tmp_path: Path) -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING", **production(tmp_path))
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("name", REQUIRED)
def test_production_does_not_start_without_what_it_needs(name: str, tmp_path: Path) -> None:
    # Set to nothing rather than left out, so that a developer's own .env does not help.
    started = manage("check", **(production(tmp_path) | {name: ""}))
    assert started.returncode != 0
    assert started.stderr == f"Paper Route cannot start: In production these variables must be set: {name}.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "1"),
        ("SITE_URL", "http://papers.example"),
        ("SITE_URL", "papers.example"),
        ("SITE_URL", "https://pâpers.example"),
        ("LINK_KEYS", "new,"),
        ("PRODUCTION", "maybe"),
        ("NEWSLETTER_CLOSING_HOUR", "25"),
        ("NEWSLETTER_WINDOW", "0"),
        ("PROXIES", "6"),
        ("NEWSLETTER_FROM", "nonsense"),
        ("ANYMAIL_PROVIDER", "bogus"),
        ("ANYMAIL_REQUESTS_TIMEOUT", "soon"),
        ("ANYMAIL_IGNORE_RECIPIENT_STATUS", "1"),
        ("PAPERS_SOURCES", "huggingface,bogus"),
        ("PAPERS_SOURCES", ","),
        ("BOUNCE_ADDRESS", "bounces.of.papers@papers.example"),
        ("BOUNCE_MAILBOX_URL", "imap://user:password@papers.example"),
        ("NEWSLETTER_FROM", "Paper Route <digest@papers.example"),
        ("ADMINS", "me@papers.example,foo"),
        ("ADMINS_EMAIL_URL", "foo"),
        ("EMAIL_URL", "smtp://papers.example"),  # beside ANYMAIL_PROVIDER
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://user:hidden-word@127.0.0.1/papers"),
        ("DATABASE_URL", "postgres://user:hidden-word#x@127.0.0.1/papers"),
        ("REDIS_URL", "localhost:6379"),
    ],
)
def test_production_does_not_start_with_what_is_unsafe(name: str, value: str, tmp_path: Path) -> None:
    started = manage("check", **(production(tmp_path) | {name: value}))
    assert started.returncode != 0
    assert started.stderr.startswith(f"Paper Route cannot start: {name} ")
    assert started.stderr.count("\n") == 1
    assert "hidden" not in started.stderr


def test_production_names_all_that_is_missing_at_once(tmp_path: Path) -> None:
    started = manage(
        "check", **(production(tmp_path) | dict.fromkeys([*REQUIRED, "EMAIL_URL", "ANYMAIL_PROVIDER"], ""))
    )
    missing = ", ".join([*REQUIRED, "EMAIL_URL or ANYMAIL_PROVIDER"])
    assert started.stderr == f"Paper Route cannot start: In production these variables must be set: {missing}.\n"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ADMINS": ""}, "newsletter.W001"),
        ({"LINK_KEYS": "link-key"}, "LINK_KEYS is short"),
        ({"SUPPRESSION_KEY": "short"}, "SUPPRESSION_KEY is short"),
        ({"ANYMAIL_POSTMARK_SERVER_TOKEN": ""}, "POSTMARK_SERVER_TOKEN"),
        ({"ANYMAIL_WEBHOOK_SECRET": ""}, "newsletter.W004"),
        ({"MAIL_PER_SECOND": ""}, "mail.W003"),
        ({"POSTAL_ADDRESS": "here"}, "mail.W002"),
        ({"PAPERS_SOURCES": "sample,arxiv"}, "papers.W001"),
        ({"SUBSCRIBERS_FROM": "digest@papers.example"}, "mail.W001"),
    ],
)
def test_a_deployment_that_lacks_something_is_warned(variables: dict[str, str], told: str, tmp_path: Path) -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING", **(production(tmp_path) | variables))
    assert checked.returncode != 0
    assert told in checked.stderr
    assert "1 issue" in checked.stderr


def test_every_source_there_is_may_be_chosen(tmp_path: Path) -> None:
    assert manage("check", PAPERS_SOURCES=",".join(SOURCES), VAR_DIR=str(tmp_path)).returncode == 0


def test_production_does_not_start_when_no_mail_would_leave(tmp_path: Path) -> None:
    started = manage("check", **(production(tmp_path) | {"ANYMAIL_PROVIDER": ""}))
    assert started.stderr.endswith("must be set: EMAIL_URL or ANYMAIL_PROVIDER.\n")


@pytest.mark.parametrize(("said", "proxies"), [("", 1), ("0", 0), ("2", 2)])
def test_as_many_proxies_are_believed_as_stand_in_front(said: str, proxies: int, tmp_path: Path) -> None:
    shown = manage("diffsettings", **(production(tmp_path) | {"PROXIES": said}))
    assert f"NINJA_NUM_PROXIES = {proxies} " in shown.stdout


# --- The environment ----------------------------------------------------------------------------------------------


def variables_read() -> Iterator[str]:
    """The names of the variables that config/ reads."""
    for path in (ROOT / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("env"))
                    | ast.Name("choices" | "flag" | "number" | "secret" | "secret_list"),
                    args=[ast.Constant(str(name)), *_],
                ):
                    yield name


def variables_described() -> dict[str, str]:
    """The variables of .env.example, with the values that stand there."""
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return dict(lines)


def test_variables_are_found_where_they_are_read() -> None:
    read = set(variables_read())
    assert {"PRODUCTION", "DATABASE_URL", "NEWSLETTER_WINDOW", *REQUIRED} <= read
    assert len(read) > 20


def test_every_variable_is_described_in_the_example_and_the_readme() -> None:
    read = set(variables_read())
    readme = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert read - variables_described().keys() == set()
    assert read - readme == set()


def test_no_variable_is_described_that_nobody_reads() -> None:
    assert variables_described().keys() - set(variables_read()) == set()


def test_the_example_copied_as_it_is_changes_nothing(tmp_path: Path) -> None:
    def settings(**variables: str) -> str:
        shown = manage("diffsettings", **({"VAR_DIR": str(tmp_path)} | variables))
        assert shown.returncode == 0, shown.stderr
        return re.sub(r"0x[0-9a-f]+", "", shown.stdout)

    example = variables_described()
    assert example.pop("VAR_DIR") == ""
    assert settings(**example) == settings()


# --- Modules ------------------------------------------------------------------------------------------------------


def domain_modules() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not EDGES & {part.removesuffix(".py") for part in path.relative_to(ROOT / app).parts}:
                yield path


def modules_imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", list(domain_modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_domain_module_knows_neither_http_nor_celery(path: Path) -> None:
    edges = [name for name in modules_imported(path) if re.match(r"(django\.(http|shortcuts|views)|celery)\b", name)]
    assert edges == []


def test_domain_modules_are_found() -> None:
    found = {str(path.relative_to(ROOT)) for path in domain_modules()}
    assert {"papers/ingest.py", "subscribers/optin.py", "newsletter/delivery.py", "mail/transport.py"} <= found
    assert not {"subscribers/views.py", "newsletter/management/commands/tick.py"} & found
