"""What each role meets anywhere in the admin. A new page is walked as soon as it has an address."""

import logging
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from newsletter.models import Edition
from staff.roles import EDITOR, OWNER, SUPPORT
from subscribers.models import Subscriber
from tests.staff.people import client_of, make_staff
from tests.staff.walking import SEARCHES, Address, Answer, all_addresses, ask, lookups_to_addresses, parameters, send
from tests.staff.world import (
    BEGINS_KNOWN,
    BEGINS_UNKNOWN,
    INTEREST,
    KNOWN,
    MARK,
    OWN_WORDS,
    UNKNOWN,
    people_and_papers,
)

pytestmark = pytest.mark.django_db

ADDRESSES = re.compile(rf"[\w.+-]+(?:@|%40|&#64;|&commat;){re.escape(MARK)}", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of refusals would be logged, with a traceback each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def reader() -> Subscriber:
    return people_and_papers()


def walker(role: str) -> Client:
    client = client_of(make_staff(role))
    # A page that breaks is looked at like any other.
    client.raise_request_exception = False
    return client


def ways(client: Client, address: Address, word: str) -> Iterator[tuple[str, Callable[[], Answer]]]:
    """Yield every way to ask at an address with `word` in it, and what it is called."""
    everything = dict.fromkeys(parameters(), word)
    yield "GET", lambda: ask(client, address.path)
    yield "GET everything", lambda: ask(client, address.path, **everything)
    # With everything at once a list may stop at something that is no number.
    for name in SEARCHES if actions_at(address) else []:
        yield f"GET {name}={word}", lambda name=name: ask(client, address.path, **{name: word})  # type: ignore[misc]
    yield "POST nothing", lambda: send(client, address.path)
    yield "POST everything", lambda: send(client, address.path, **everything)
    for action in actions_at(address):
        chosen = {"action": action, "_selected_action": ["1", "2", "3"], "select_across": "1", "confirmed": "yes"}
        yield f"POST {action}", lambda chosen=chosen: send(client, address.path, **chosen)  # type: ignore[misc]


def actions_at(address: Address) -> list[str]:
    """Return the actions of a list."""
    for model, page in admin.site._registry.items():
        if address.path == reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"):
            return [
                "delete_selected",
                "export_admin_action",
                *[str(getattr(one, "__name__", one)) for one in page.actions or []],
            ]
    return []


def lists() -> list[tuple[type[models.Model], str]]:
    found = admin.site._registry
    return [(model, reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")) for model in found]


def autocompletes() -> Iterator[dict[str, str]]:
    """Yield what the autocomplete page may be asked for: every relation of every model."""
    for model in admin.site._registry:
        for field in model._meta.get_fields():
            if field.is_relation:
                meta = model._meta
                yield {"app_label": meta.app_label, "model_name": str(meta.model_name), "field_name": field.name}


def test_every_address_leads_somewhere_for_an_owner(reader: Subscriber) -> None:
    """The others may be kept out of where nobody gets; then the walk has seen nothing."""
    boss = walker(OWNER)
    answered: dict[str, set[int]] = {}
    for address in all_addresses():
        known = {ask(boss, address.path).status, send(boss, address.path).status}
        answered.setdefault(address.pattern, set()).update(known)
    shut = {pattern for pattern, found in answered.items() if not found & {200}}
    # What the service itself writes nobody adds or deletes; autocompleting wants to know for what.
    assert {one for one in shut if not one.endswith(("/add/", "/delete/", "autocomplete/"))} == set()


def test_an_editor_meets_no_address_anywhere(reader: Subscriber) -> None:
    wrong = []
    for asked, answer in walked(walker(EDITOR)):
        wrong += [f"{asked}: an address"] if MARK in answer.text else []
        wrong += [f"{asked}: words of a reader"] if any(word in answer.text for word in OWN_WORDS) else []
        wrong += [f"{asked}: breaks"] if answer.status >= 500 else []
    assert wrong == []


def test_support_meets_one_reader_at_a_time(reader: Subscriber) -> None:
    wrong = []
    for asked, answer in walked(walker(SUPPORT)):
        met = set(ADDRESSES.findall(answer.text)) - own(asked)
        wrong += [f"{asked}: {sorted(met)}"] if met else []
        wrong += [f"{asked}: breaks"] if answer.status >= 500 else []
    assert wrong == []


def own(asked: str) -> set[str]:
    """Return what may be met at an address: of the page of one reader, that one's."""
    match = re.match(r"/admin/subscribers/subscriber/(\d+)/", asked)
    one = Subscriber.objects.filter(pk=match[1]).first() if match else None
    return {one.email, one.address_change.address} if one else set()


def walked(client: Client) -> Iterator[tuple[str, Answer]]:
    """Yield every way to ask anywhere, and the answer without the word that was sent."""
    for address in all_addresses():
        for way, answer_of in ways(client, address, UNKNOWN):
            yield f"{address.path} {way}", answer_of().without(UNKNOWN)
        if "/preview/" in address.pattern:
            yield from previewed(client, address)


def previewed(client: Client, address: Address) -> Iterator[tuple[str, Answer]]:
    """Yield what is shown and sent of the digest of each reader, by number, of each edition."""
    for edition_id, reader_id, form in product(_ids(Edition), _ids(Subscriber), ("html", "text")):
        path = re.sub(r"/edition/\d+/", f"/edition/{edition_id}/", address.path)
        asked = {"whom": "reader", "number": str(reader_id), "form": form}
        yield f"{path} {asked}", ask(client, path, **asked)
        yield f"{path} POST {asked}", send(client, path, **asked)


def _ids(model: type[models.Model]) -> list[int]:
    return list(model._default_manager.values_list("pk", flat=True))


def test_no_answer_tells_an_editor_whether_an_address_is_known(reader: Subscriber) -> None:
    editor = walker(EDITOR)
    told: list[str] = []
    for address in all_addresses():
        if {ask(editor, address.path).status, send(editor, address.path).status} <= {403, 405}:
            continue
        for known, unknown in ((KNOWN, UNKNOWN), (BEGINS_KNOWN, BEGINS_UNKNOWN)):
            pairs = zip(ways(editor, address, known), ways(editor, address, unknown), strict=True)
            for (way, one), (_, other) in pairs:
                if known in way or "everything" in way:
                    first, second, again = (one().without(known), other().without(unknown), one().without(known))
                    # What says the time differs by itself.
                    if first == again:
                        compare(told, f"{address.path} {way}", first, second)
    assert told == []


def test_no_filter_tells_an_editor_whether_an_address_is_known(reader: Subscriber) -> None:
    editor = walker(EDITOR)
    told: list[str] = []
    for model, path in lists():
        for lookup in [lookup for of, lookup in lookups_to_addresses() if of is model]:
            for end, known, unknown in (("", KNOWN, UNKNOWN), ("__startswith", BEGINS_KNOWN, BEGINS_UNKNOWN)):
                one = ask(editor, path, **{f"{lookup}{end}": known}).without(known)
                other = ask(editor, path, **{f"{lookup}{end}": unknown}).without(unknown)
                compare(told, f"{path}?{lookup}{end}", one, other)
    assert told == []


@pytest.mark.parametrize("role", [EDITOR, SUPPORT])
def test_autocompleting_finds_nobody_by_a_piece_of_an_address(reader: Subscriber, role: str) -> None:
    client = walker(role)
    path = reverse("admin:autocomplete")
    told: list[str] = []
    for asked in autocompletes():
        known, unknown = (ask(client, path, term=term, **asked) for term in (BEGINS_KNOWN, BEGINS_UNKNOWN))
        compare(told, str(asked), known.without(BEGINS_KNOWN), unknown.without(BEGINS_UNKNOWN))
        assert MARK not in known.text
    assert told == []


def compare(told: list[str], what: str, one: Answer, other: Answer) -> None:
    if one != other:
        told.append(f"{what}: {one.status} and {other.status}")


def test_support_finds_a_reader_by_the_whole_address_and_nobody_by_a_piece(reader: Subscriber) -> None:
    support = walker(SUPPORT)
    path = reverse("admin:subscribers_subscriber_changelist")
    assert set(ADDRESSES.findall(ask(support, path).text)) == set()
    assert {met.replace("%40", "@") for met in ADDRESSES.findall(ask(support, path, q=KNOWN).text)} == {KNOWN}
    for piece in (BEGINS_KNOWN, MARK, f"@{MARK}", "%", ""):
        assert KNOWN not in ask(support, path, q=piece).text
    for lookup in ("email__startswith", "email", "email__contains"):
        assert KNOWN not in ask(support, path, **{lookup: BEGINS_KNOWN}).text


@pytest.mark.parametrize("role", [EDITOR, SUPPORT])
@pytest.mark.parametrize("page", ["export", "import", "process_import"])
def test_only_owners_take_readers_out_and_in(reader: Subscriber, role: str, page: str) -> None:
    client = walker(role)
    path = reverse(f"admin:subscribers_subscriber_{page}")
    for answer in (ask(client, path), send(client, path, format="0", resource="0")):
        assert answer.status == 403
        assert MARK not in answer.text


@pytest.mark.parametrize("role", [EDITOR, SUPPORT, OWNER])
def test_a_crash_tells_nobody_an_address(reader: Subscriber, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError(KNOWN)

    client = walker(role)
    monkeypatch.setattr("staff.site.standing_of", crash)
    answer = ask(client, reverse("admin:index"))
    assert answer.status == 500
    assert MARK not in answer.text


def test_an_editor_sees_the_digest_of_a_reader_by_number_and_not_what_the_reader_said(reader: Subscriber) -> None:
    """And an owner sees it, or there would be nothing to keep from anybody."""
    editor, owner = walker(EDITOR), walker(OWNER)
    for edition in Edition.objects.all():
        path = reverse("admin:newsletter_edition_preview_mail", args=[edition.pk])
        asked = {"whom": "reader", "number": str(reader.pk)}
        for client, told in ((owner, True), (editor, False)):
            answer = ask(client, path, **asked)
            assert "Paper of the walk" in answer.text
            assert (INTEREST in answer.text) == told
            assert MARK not in answer.text
