"""The pages that open by a link in mail, in each of their states, and what one presses to get to the later ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from newsletter.models import Edition
from newsletter.rendering import personal_links
from papers.models import Paper, Topic
from subscribers.feedback import say
from subscribers.links import confirm_url, new_address_url, preferences_url, unsubscribe_url
from subscribers.models import AddressChange, ConsentEvent, Feedback, Subscriber
from tests.factories import make_delivery, make_reader

YEAR = timedelta(days=365)
Step = Callable[[Page], None]


@dataclass(frozen=True)
class Visit:
    """A link, what is done at it, each step leading to another page, and the status of the last answer."""

    address: Callable[[], str]
    steps: tuple[Step, ...] = ()
    status: int = 200


def press(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def press_first(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def press_that_was_me(page: Page) -> None:
    page.get_by_role("button", name="That was me").first.click()


def press_first_term(page: Page) -> None:
    page.locator(".term").first.click()


def without_help(page: Page) -> None:
    """Send what the browser would hold back, as one without these checks does."""
    page.locator("main form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")


# --- Readers ----------------------------------------------------------------------------------------------------------


def reader_with_everything() -> Subscriber:
    """Somebody who filled in every field, likes papers, is away for a while, and got a digest."""
    at = timezone.now()
    reader = make_reader(
        email=f"ada.king.countess.of.lovelace+{Subscriber.objects.count()}@analytical-engines.example.org",
        interests="world models\nrobot",
        followed_authors="Ada Lovelace",
        muted_words="casino",
        cadence="weekly",
        time_zone="America/Argentina/ComodRivadavia",
        paused_until=at.date() + timedelta(days=9),
        confirmed_at=at - 2 * YEAR,
        preferences_changed_at=at,
    )
    reader.topics.set(Topic.objects.filter(slug__in=["agents", "robotics"]))
    papers = sorted(Paper.objects.all(), key=lambda paper: len(paper.title))
    for paper in (papers[0], papers[-1]):
        Feedback.objects.create(subscriber=reader, paper=paper, kind=Feedback.Kind.MORE, at=at)
    for kind in (ConsentEvent.Kind.REQUESTED, ConsentEvent.Kind.CONFIRMED):
        ConsentEvent.objects.create(
            subscriber=reader, kind=kind, wording_version="2026-11-01", source="form", page="/topics/agents/", at=at
        )
    make_delivery(Edition.objects.get(), reader, *papers[-3:])
    return reader


def reader_with_change() -> Subscriber:
    reader = make_reader()
    AddressChange.objects.create(subscriber=reader, address=f"other-{reader.email}", asked_at=timezone.now())
    return reader


# --- Links ------------------------------------------------------------------------------------------------------------


def confirm() -> str:
    return confirm_url(make_reader(status="pending"), timezone.now())


def expired() -> str:
    return confirm_url(make_reader(status="pending"), timezone.now() - YEAR)


def invalid() -> str:
    return confirm()[:-1]


def preferences() -> str:
    return preferences_url(reader_with_everything(), timezone.now())


def preferences_of_new() -> str:
    return preferences_url(make_reader(), timezone.now())


def preferences_of_left() -> str:
    return preferences_url(make_reader(status="unsubscribed"), timezone.now())


def address() -> str:
    return f"{preferences_of_new()}/address"


def address_with_change() -> str:
    return f"{preferences_url(reader_with_change(), timezone.now())}/address"


def address_of_left() -> str:
    return f"{preferences_of_left()}/address"


def new_address() -> str:
    return new_address_url(reader_with_change().address_change, timezone.now())


def new_address_taken() -> str:
    reader = reader_with_change()
    make_reader(email=reader.address_change.address)
    return new_address_url(reader.address_change, timezone.now())


def new_address_expired() -> str:
    return new_address_url(reader_with_change().address_change, timezone.now() - YEAR)


def saved() -> str:
    """A page of papers with long titles and short ones, one of them without a summary."""
    at, reader = timezone.now(), make_reader()
    papers = sorted(Paper.objects.all(), key=lambda paper: len(paper.title))
    for number, paper in enumerate([papers[0], papers[-1], papers[len(papers) // 2]]):
        say(reader, paper, Feedback.Kind.SAVED, at - timedelta(days=40 * number))
    return preferences_url(reader, at).replace("/preferences/", "/saved/")


def saved_nothing() -> str:
    return preferences_of_new().replace("/preferences/", "/saved/")


def interests() -> str:
    """The page of somebody who filled in every field and said something of every kind, also too fast."""
    reader, at = reader_with_everything(), timezone.now()
    wishes = {"interests": "world models\nzymurgy", "ignored_words": "results", "cadence": "daily"}
    Subscriber.objects.filter(pk=reader.pk).update(**wishes)
    papers = sorted(Paper.objects.all(), key=lambda paper: -len(paper.title))
    for number, paper in enumerate(papers[1:9]):
        say(reader, paper, [Feedback.Kind.SAVED, Feedback.Kind.MORE, Feedback.Kind.LESS][number % 3], at)
    Feedback.objects.create(subscriber=reader, paper=papers[9], kind=Feedback.Kind.MORE, at=at, is_automated=True)
    return preferences_url(reader, at).replace("/preferences/", "/interests/")


def interests_of_new() -> str:
    return preferences_of_new().replace("/preferences/", "/interests/")


def interests_reset() -> str:
    return f"{interests()}/reset"


def say_of(kind: str, status: str = Subscriber.Status.ACTIVE) -> Callable[[], str]:
    """The link that says `kind` of the paper with the longest title, in the mail of a reader with this status."""

    def address() -> str:
        reader, paper = make_reader(status=status), max(Paper.objects.all(), key=lambda paper: len(paper.title))
        delivery = make_delivery(Edition.objects.get(), reader, paper)
        return f"{personal_links(delivery, reader).feedback_url}/{paper.pk}/{kind}"

    return address


def unsubscribe() -> str:
    return unsubscribe_url(make_reader(), timezone.now())


def privacy_policy() -> str:
    return f"{settings.SITE_URL}{reverse('privacy_policy')}"


def privacy() -> str:
    return preferences().replace("/preferences/", "/privacy/")


def erase() -> str:
    return f"{privacy()}/erase"


# --- What is done there -----------------------------------------------------------------------------------------------


def open_all_points(page: Page) -> None:
    """Open the list of all papers, and look at the points of the last."""
    page.get_by_text("papers of the edition, by your points").click()
    page.locator(".all-points a").last.click()


def to_another(kind: str) -> Step:
    """Open the link beside it in the mail."""

    def act(page: Page) -> None:
        page.goto(f"{page.url.rpartition('/')[0]}/{kind}")

    return act


def save_nonsense(page: Page) -> None:
    without_help(page)
    page.get_by_label("Papers a digest").fill("99")
    page.get_by_label("Pause until").fill("2020-01-01")
    press("Save")(page)


def ask_for(address: str) -> Step:
    def act(page: Page) -> None:
        without_help(page)
        page.locator("main").get_by_label("address").fill(address)
        press("Send the link to it")(page)

    return act


def say_why(page: Page) -> None:
    page.get_by_label("Something else").check()
    press("Send")(page)


def erase_without_tick(page: Page) -> None:
    without_help(page)
    press("Erase me")(page)


def erase_with_tick(page: Page) -> None:
    page.get_by_label("I want to be erased").check()
    press("Erase me")(page)


VISITS: dict[str, Visit] = {
    "confirm": Visit(confirm),
    "confirmed": Visit(confirm, (press("Confirm my subscription"),)),
    "link-expired": Visit(expired, status=410),
    "link-invalid": Visit(invalid, status=404),
    "preferences": Visit(preferences),
    "preferences-of-new": Visit(preferences_of_new),
    "preferences-of-left": Visit(preferences_of_left),
    "preferences-saved": Visit(preferences, (press("Save"),)),
    "preferences-refused": Visit(preferences, (save_nonsense,), 400),
    "address": Visit(address),
    "address-of-left": Visit(address_of_left),
    "address-with-change": Visit(address_with_change),
    "address-asked": Visit(address, (ask_for("other@example.org"),)),
    "address-refused": Visit(address, (ask_for("no address"),), 400),
    "new-address": Visit(new_address),
    "new-address-done": Visit(new_address, (press("Use this address"),)),
    "new-address-taken": Visit(new_address_taken, (press("Use this address"),), 409),
    "new-address-expired": Visit(new_address_expired, status=410),
    "saved": Visit(saved),
    "saved-nothing": Visit(saved_nothing),
    "saved-removed": Visit(saved, (press_first("Remove"),)),
    "saved-again": Visit(saved, (press_first("Remove"), press("Undo"))),
    "interests": Visit(interests),
    "interests-of-new": Visit(interests_of_new),
    "interests-far": Visit(interests, (open_all_points,)),
    "interests-ignored": Visit(interests, (press_first_term,)),
    "interests-removed": Visit(interests, (press_first("Remove"),)),
    "interests-meant": Visit(interests, (press_that_was_me,)),
    "interests-reset": Visit(interests_reset),
    "interests-forgotten": Visit(interests_reset, (press("Forget it all"),)),
    "more": Visit(say_of("more")),
    "more-said": Visit(say_of("more"), (press("More like this"),)),
    "less": Visit(say_of("less")),
    "less-said": Visit(say_of("less"), (press("Less like this"),)),
    "less-undone": Visit(say_of("less"), (press("Less like this"), press("Undo"))),
    "save": Visit(say_of("saved")),
    "save-said": Visit(say_of("saved"), (press("Save"),)),
    "save-too-fast": Visit(say_of("saved"), (press("Save"), to_another("less"), press("Less like this"))),
    "say-of-left": Visit(say_of("more", status="unsubscribed"), status=410),
    "unsubscribe": Visit(unsubscribe),
    "unsubscribe-instead": Visit(unsubscribe, (press("Only once a week"),)),
    "unsubscribed": Visit(unsubscribe, (press("Unsubscribe"),)),
    "unsubscribed-told": Visit(unsubscribe, (press("Unsubscribe"), say_why)),
    "privacy-policy": Visit(privacy_policy),
    "privacy": Visit(privacy),
    "erase": Visit(erase),
    "erase-refused": Visit(erase, (erase_without_tick,), 400),
    "erased": Visit(erase, (erase_with_tick,)),
}
