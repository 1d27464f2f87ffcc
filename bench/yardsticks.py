"""What others reach on the same machine in the same minute: bare smtplib, and Django as it is mostly used."""

import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.template import Context, Template

from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.rendering import compile_fragments, personal_links
from papers.models import Paper

SENDER = "digest@example.org"
# Stands for a paper in the compiled mail, until what a template says takes its place.
WORDS = {
    "PICKTITLE": "{{ pick.paper.title }}",
    "PICKAUTHORS": "{{ pick.paper.short_authors }}",
    "PICKBLURB": "{{ pick.paper.blurb }}",
    "PICKID": "{{ pick.paper.arxiv_id }}",
}
PICK_NUMBER = 987654321


# --- Bare smtplib -----------------------------------------------------------------------------------------------------


def smtplib_rate(contents: Sequence[bytes], *, port: int, processes: int, messages: int) -> float:
    """Return how many ready messages a second so many processes hand over, each on one connection kept open."""
    context = get_context("fork")
    barrier = context.Barrier(processes + 1)
    each = messages // processes
    senders = [context.Process(target=_send, args=(contents, port, each, barrier)) for _ in range(processes)]
    for sender in senders:
        sender.start()
    barrier.wait()
    started = time.perf_counter()
    for sender in senders:
        sender.join()
    spent = time.perf_counter() - started
    if any(sender.exitcode for sender in senders):
        raise SystemExit("A process with bare smtplib failed.")
    return each * processes / spent


def _send(contents: Sequence[bytes], port: int, messages: int, barrier: Any) -> None:
    with smtplib.SMTP("127.0.0.1", port) as connection:
        connection.ehlo()
        barrier.wait()
        for number in range(messages):
            recipient = f"reader{number}@example.org"
            connection.sendmail(SENDER, [recipient], contents[number % len(contents)])


# --- Django's templates and messages ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usual:
    """The same digest as templates that are rendered for each reader."""

    html: Template
    text: Template


def usual_templates(edition: Edition) -> Usual:
    """Return templates that give what the edition's own compiled mail gives, for any papers."""
    paper = Paper(
        pk=PICK_NUMBER,
        key="arxiv:pick",
        arxiv_id="PICKID",
        title="PICKTITLE",
        authors=["PICKAUTHORS"],
        summary="PICKBLURB",
    )
    fragments = compile_fragments(edition, [EditionEntry(edition=edition, paper=paper, rank=1, score=1.0)])
    return Usual(_template(fragments, "html"), _template(fragments, "text"))


def _template(fragments: dict[str, Any], part: str) -> Template:
    pieces = fragments[part]
    paper = "".join(pieces["papers"].values())
    source = f"{pieces['head']}{{% for pick in picks %}}{paper}{{% endfor %}}{pieces['foot']}"
    for name, mark in fragments["marks"].items():
        source = source.replace(mark, {"own": "", "reason": "{{ pick.reason }}"}.get(name, f"{{{{ {name} }}}}"))
    for word, variable in WORDS.items():
        source = source.replace(word, variable)
    source = source.replace(str(PICK_NUMBER), "{{ pick.paper.pk }}")
    return Template(f"{{% autoescape off %}}{source}{{% endautoescape %}}" if part == "text" else source)


def usual_rate(deliveries: Sequence[Delivery], *, port: int) -> float:
    """Return how many digests a second a plain loop renders and sends, on one connection kept open."""
    templates = usual_templates(deliveries[0].edition)
    papers = Paper.objects.in_bulk()
    with EmailBackend(host="127.0.0.1", port=port) as connection:
        started = time.perf_counter()
        for delivery in deliveries:
            connection.send_messages([_usual_message(templates, delivery, papers)])
        return len(deliveries) / (time.perf_counter() - started)


def _usual_message(templates: Usual, delivery: Delivery, papers: dict[int, Paper]) -> EmailMultiAlternatives:
    reader = delivery.subscriber
    if reader is None:
        raise SystemExit("A delivery of the bench has no reader.")
    links = personal_links(delivery, reader)
    picks = [{"paper": papers[pick["paper_id"]], "reason": pick["reason"]} for pick in delivery.picks]
    values = vars(links) | {"picks": picks, "count": f"{len(picks)} papers", "site_url": "http://localhost"}
    message = EmailMultiAlternatives(
        subject=f"{picks[0]['paper'].title[:80]}, and {len(picks) - 1} more".replace("\n", " "),
        body=templates.text.render(Context(values)),
        from_email=SENDER,
        to=[reader.email],
        headers={
            "List-Unsubscribe": f"<{links.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    message.attach_alternative(templates.html.render(Context(values)), "text/html")
    return message
