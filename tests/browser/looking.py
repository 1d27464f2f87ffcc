"""How a page is looked at: by whoever reads, by those who work here; for what sticks out and what axe finds."""

from collections.abc import Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
# What sticks out does so at a width, and what is pale is so in a light: each is met once.
LOOKS: list[tuple[int, Scheme]] = [(375, "light"), (1280, "dark")]
# Pages of the staff, who have screens on their desks, some of them small or turned: each width in each light.
AT_WORK: list[tuple[int, Scheme]] = [(768, "light"), (768, "dark"), (1280, "light"), (1280, "dark")]
AXE = Axe().axe_script
# Of what passes, which is most, nothing leaves the page.
VIOLATIONS = """() => axe.run({resultTypes: ["violations"]}).then(({violations}) => violations)"""
# The admin asks for the light when it is opened, and keeps it as a class.
LIT = "dark => document.querySelector('html[x-bind=themeBindings]')?.classList.toggle('dark', dark)"
# Colours change over some moments, in which words are as pale as what they stand on.
SETTLED = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const passing = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
  await Promise.allSettled(passing.map(({finished}) => finished));
}"""


def overflow(page: Page) -> int:
    """How many pixels stick out to the right."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert isinstance(width, int)
    return width


def serious_findings(page: Page) -> list[str]:
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE)
    return [
        f"{found['id']}: {node['target']} {node.get('failureSummary', '')}"
        for found in page.evaluate(VIOLATIONS)
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


def misfits(page: Page, looks: Sequence[tuple[int, Scheme]] = LOOKS) -> list[str]:
    """What sticks out of a page, and what is serious about it, at each of these widths and lights."""
    wrong = []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(LIT, scheme == "dark")
        page.evaluate(SETTLED)
        stuck_out = overflow(page)
        found = ([f"{stuck_out} pixels stick out"] if stuck_out else []) + serious_findings(page)
        wrong += [f"{width} {scheme}: {what}" for what in found]
    return wrong
