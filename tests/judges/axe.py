"""Whether everybody can read the mails: axe-core on each in Chromium, light and dark."""

from collections.abc import Iterator, Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.judges.mails import Mail
from tests.judges.verdicts import Finding, Verdict

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# A mail is shown inside the page of a mail program, which has the landmarks.
OF_PAGES = {"landmark-one-main", "region"}
ASKED = {"rules": {rule: {"enabled": False} for rule in OF_PAGES}, "resultTypes": ["violations"]}


def judge(mails: Sequence[Mail], chromium: Browser) -> Verdict:
    """Find violations of any weight, contrast included."""
    findings = [found for scheme in SCHEMES for found in _violations(mails, chromium, scheme)]
    return Verdict(findings, f"axe: {len(findings)} violations in {len(SCHEMES) * len(mails)} renderings")


def _violations(mails: Sequence[Mail], chromium: Browser, scheme: Scheme) -> Iterator[Finding]:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 700, "height": 900})
    page = context.new_page()
    for mail in mails:
        page.set_content(mail.html)
        for what in _violations_of(page):
            yield Finding(mail.name, f"{scheme}: {what}")
    context.close()


def _violations_of(page: Page) -> Iterator[str]:
    for found in Axe().run(page, options=ASKED).response["violations"]:
        for node in found["nodes"]:
            yield f"{found['id']}: {node['target']} {node.get('failureSummary', '')}"
