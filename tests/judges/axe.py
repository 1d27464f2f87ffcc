"""Whether everybody can read the mails: axe-core on each in Chromium, light and dark."""

from collections.abc import Iterator, Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.every_mail import Mail
from tests.judges.verdicts import Finding, Verdict

Scheme = Literal["light", "dark"]
# A mail is shown inside the page of a mail program, which has the landmarks.
OF_PAGES = {"landmark-one-main", "region"}
ASKED: dict[Scheme, dict[str, object]] = {
    "light": {"rules": {rule: {"enabled": False} for rule in OF_PAGES}, "resultTypes": ["violations"]},
    # The elements are the same as before, and so is what all other rules say of them.
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]},
}


def judge(mails: Sequence[Mail], chromium: Browser) -> Verdict:
    """Find violations of any weight, contrast included."""
    context = chromium.new_context(viewport={"width": 700, "height": 900})
    page = context.new_page()
    findings = [found for mail in mails for found in _violations(mail, page)]
    context.close()
    return Verdict(findings, f"axe: {len(findings)} violations in {len(ASKED) * len(mails)} renderings")


def _violations(mail: Mail, page: Page) -> Iterator[Finding]:
    page.set_content(mail.html)
    for scheme, asked in ASKED.items():
        page.emulate_media(color_scheme=scheme)
        for found in Axe().run(page, options=asked).response["violations"]:
            for node in found["nodes"]:
                yield Finding(mail.name, f"{scheme}: {found['id']}: {node['target']} {node.get('failureSummary', '')}")
