import io
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError

from newsletter.audience import welcome_late_readers
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from newsletter.undoing import undo_import
from papers.models import Topic
from subscribers import importing
from subscribers.addresses import fingerprint
from subscribers.columns import NewReader
from subscribers.forms.preferences import PhrasesField
from subscribers.importing import ImportStopped, import_readers, open_readers
from subscribers.models import ConsentEvent, ImportBatch, Subscriber, Suppression
from subscribers.optin import record
from tests.conftest import NOW
from tests.factories import make_edition, make_paper, make_reader
from tests.subscribers.files import ADA, GRACE, PROVENANCE, addresses, now, refusals, take_in, try_file

pytestmark = pytest.mark.django_db


# --- What comes in ----------------------------------------------------------------------------------------------


def test_who_is_imported_is_active_with_the_proof_and_the_import() -> None:
    report = take_in(f"email\n{ADA}\n")
    reader = Subscriber.objects.get()
    assert (reader.email, reader.status, reader.created_at, reader.confirmed_at) == (ADA, "active", NOW, NOW)
    batch = ImportBatch.objects.get()
    assert (batch.pk, batch.provenance, batch.created) == (report.batch_id, PROVENANCE, 1)
    assert (batch.started_at, batch.finished_at, batch.undone_at) == (NOW, NOW, None)
    assert reader.import_batch == batch
    event = ConsentEvent.objects.get()
    assert (event.subscriber, event.kind, event.at) == (reader, "imported", NOW)
    assert (event.source, event.wording_version) == (f"import {batch.pk}", "")


def test_who_is_imported_gets_the_next_edition_at_their_hour_and_no_other_at_once() -> None:
    make_edition(make_paper())
    take_in(f"email,hour\n{ADA},9\n{GRACE},20\n")
    assert welcome_late_readers(NOW) == 0
    tomorrow = NOW.date() + timedelta(days=1)
    edition = make_edition(make_paper(listed_on=tomorrow), day=tomorrow, status=Edition.Status.DRAFT)
    close_edition(edition.pk, edition.closes_at)
    due = dict(Delivery.objects.values_list("subscriber__email", "due_at"))
    assert due == {ADA: NOW.replace(day=25, hour=9), GRACE: NOW.replace(day=24, hour=20)}


def test_who_was_imported_left_and_confirmed_again_is_welcome_as_anybody() -> None:
    make_edition(make_paper())
    take_in(f"email\n{ADA}\n")
    Subscriber.objects.update(confirmed_at=NOW + timedelta(minutes=5))
    assert welcome_late_readers(NOW + timedelta(minutes=6)) == 1


def test_every_preference_has_a_column() -> None:
    first, second = Topic.objects.order_by("pk")[:2]
    headers = (
        "Email Address,Topics,Interests,Followed authors,Muted-words,Cadence,Weekday,Hour,Time zone,Size,Quiet days"
    )
    row = (
        f'{ADA},"{first.slug}, {second.name.upper()}","proofs, agents",Ada,hype,Weekly,friday,18:00,Europe/Vienna,5,Yes'
    )
    take_in(f"{headers}\n{row}\n")
    reader = Subscriber.objects.get()
    assert set(reader.topics.all()) == {first, second}
    assert (reader.interests, reader.followed_authors, reader.muted_words) == ("proofs, agents", "Ada", "hype")
    assert (reader.cadence, reader.weekday, reader.hour) == ("weekly", 4, 18)
    assert (reader.time_zone, reader.size, reader.hears_of_quiet_days) == ("Europe/Vienna", 5, True)


def test_what_goes_into_mails_is_cleaned_as_in_forms() -> None:
    words = "a\u202eb,\x07c \u2066d\x1b"
    take_in(f'email,interests,followed_authors,muted_words\n{ADA},"{words}","{words}","one\n {words}\u2069"\n')
    form = PhrasesField(rows=1, hint="")
    reader = Subscriber.objects.get()
    assert reader.interests == reader.followed_authors == form.clean(words) == "ab, c d"
    assert reader.muted_words == form.clean(f"one\n {words}\u2069") == "one\nab, c d"


def test_what_the_file_does_not_say_is_as_for_anybody() -> None:
    take_in(f"email,hour,size\n{ADA},,\n{GRACE}\n")
    assert set(Subscriber.objects.values_list("hour", "size", "time_zone", "cadence")) == {(7, 10, "UTC", "daily")}


def test_an_address_is_kept_as_it_is_delivered_to() -> None:
    take_in("email\n  Ada@Bücher.Example \n")
    assert addresses() == ["Ada@xn--bcher-kva.example"]


# --- What does not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("active", "is a reader already"),
        ("pending", "is known, and has not confirmed"),
        ("unsubscribed", "has left"),
    ],
)
def test_who_is_known_is_never_changed(status: str, reason: str) -> None:
    reader = make_reader(email=ADA, status=status, hour=5)
    before = Subscriber.objects.values().get()
    assert take_in("email,hour\nADA@example.org,9\n").skipped == {reason: 1}
    assert Subscriber.objects.values().get() == before
    assert not reader.consent_events.exists()


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_who_must_not_be_mailed_does_not_come_in(reason: str) -> None:
    Suppression.objects.suppress(ADA, reason, NOW)
    assert take_in("email\nAda@Example.org\n").skipped == {"must not be mailed": 1}
    assert addresses() == []


def test_who_moved_to_another_address_is_not_taken_in_at_the_one_they_gave_up() -> None:
    reader = make_reader(email=GRACE)
    former = fingerprint(ADA)
    for _ in range(2):
        record(reader, ConsentEvent.Kind.ADDRESS_CHANGED, "link", NOW, former_address_hash=former)
    assert take_in("email\nADA@example.org\n").skipped == {"moved to another address": 1}
    assert addresses() == [GRACE]


def test_who_came_back_to_an_address_once_given_up_is_a_reader_there() -> None:
    record(make_reader(email=ADA), ConsentEvent.Kind.ADDRESS_CHANGED, "link", NOW, former_address_hash=fingerprint(ADA))
    assert take_in(f"email\n{ADA}\n").skipped == {"is a reader already": 1}


def test_of_an_address_that_comes_twice_the_first_wins() -> None:
    rows = "".join(f"reader{number}@example.org,\n" for number in range(importing.CHUNK))
    report = take_in(f"email,hour\n{ADA},5\n{ADA.upper()},6\n{rows}Ada@example.org,7\n")
    assert report.skipped == {"is in the file twice": 2}
    assert Subscriber.objects.get(email=ADA).hour == 5


def test_who_gets_no_mail_where_the_file_comes_from_gets_none_here() -> None:
    report = take_in(f"email,status\n{ADA},unsubscribed\n{GRACE},Subscribed\n")
    assert report.skipped == {"gets no mail where the file comes from": 1}
    assert addresses() == [GRACE]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("nonsense", "email: not an address: An email address must have an @-sign."),
        (",9", "email: there is none"),
        ("ada@mailinator.com", "email: of a service whose mailboxes live for minutes"),
        (f"{ADA},25", "hour: not a full hour from 0 to 23: 25"),
        (f"{ADA},7:30", "hour: not a full hour from 0 to 23: 7:30"),
        (f"{ADA},,quilting", "topics: there is no such topic: quilting"),
        (f"{ADA},,,4", "size: not a number from 5 to 20: 4"),
        (f"{ADA},,,,Mars/Olympus", "time_zone: not a time zone such as Europe/Vienna: Mars/Olympus"),
        (f"{ADA},,,,,hourly", "cadence: none of daily, weekdays, weekly: hourly"),
        (f"{ADA},,,,,,Someday", "weekday: not a day such as Monday: Someday"),
        (f"{ADA},,,,,,,{'x' * 2001}", "interests: longer than 2,000 characters"),
        (f"{ADA},,,,,,,,perhaps", "hears_of_quiet_days: neither yes nor no: perhaps"),
        (f"{ADA},,,,,,,,,surplus", "The row has more cells than the first one"),
        (f"{ADA},,,,,,,a\0b", "The row has characters that cannot be read"),
    ],
)
def test_a_row_with_anything_wrong_is_refused_as_a_whole(row: str, why: str) -> None:
    file = f"email,hour,topics,size,time zone,cadence,weekday,interests,quiet days\n{GRACE},8\n{row}\n"
    (refusal,) = refusals(file)
    assert (refusal.row.number, refusal.why) == (3, why)
    assert take_in(file).refused.total() == 1
    assert addresses() == [GRACE]


def test_a_row_that_was_refused_does_not_stand_in_the_way_of_a_right_one() -> None:
    report = take_in(f"email,hour\n{ADA},25\n{ADA},5\n")
    assert (report.created, report.refused.total()) == (1, 1)


def test_an_import_says_where_the_readers_agreed() -> None:
    with pytest.raises(ValueError, match="says where"):
        import_readers(open_readers(io.BytesIO(b"email\n"), {}), "     bought    ", now)
    with pytest.raises(IntegrityError):
        ImportBatch.objects.create(provenance="", started_at=NOW)


# --- Trying, running twice, being cut short ---------------------------------------------------------------------


MIXED = f"email,hour\n{ADA},\nnonsense,\n{GRACE},25\ngone@example.org,\n{ADA.upper()},\n{GRACE},5\nnew@example.org,1\n"


def test_a_try_tells_what_an_import_does_and_stores_nothing() -> None:
    make_reader(email="gone@example.org", status="unsubscribed")
    tried = try_file(MIXED)
    assert (Subscriber.objects.count(), ImportBatch.objects.count(), tried.batch_id) == (1, 0, None)
    done = take_in(MIXED)
    assert (tried.created, tried.skipped, tried.refused) == (done.created, done.skipped, done.refused)
    assert (done.created, done.skipped.total(), done.refused.total()) == (3, 2, 2)
    batch = ImportBatch.objects.get()
    assert (batch.created, batch.skipped, batch.refused) == (3, 2, 2)


def test_twice_is_once() -> None:
    take_in(MIXED)
    before = list(Subscriber.objects.order_by("pk").values()), ConsentEvent.objects.count()
    again = take_in(MIXED)
    assert (again.created, again.skipped["is a reader already"]) == (0, 4)
    assert (list(Subscriber.objects.order_by("pk").values()), ConsentEvent.objects.count()) == before


def test_what_a_crash_cut_short_is_finished_by_running_it_again() -> None:
    file = "email\n" + "".join(f"reader{number}@example.org\n" for number in range(importing.CHUNK + 10))

    def crash(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_readers(open_readers(io.BytesIO(file.encode()), {}), PROVENANCE, now, on_progress=crash)
    cut = ImportBatch.objects.get()
    assert (cut.created, cut.finished_at, Subscriber.objects.count()) == (importing.CHUNK, None, importing.CHUNK)
    assert take_in(file).created == 10
    assert ConsentEvent.objects.count() == Subscriber.objects.count() == importing.CHUNK + 10


def test_an_import_that_is_undone_while_it_runs_stops() -> None:
    file = "email\n" + "".join(f"reader{number}@example.org\n" for number in range(importing.CHUNK + 10))

    def undo(_: object) -> None:
        undo_import(ImportBatch.objects.get(), NOW)

    with pytest.raises(ImportStopped):
        import_readers(open_readers(io.BytesIO(file.encode()), {}), PROVENANCE, now, on_progress=undo)
    assert not Subscriber.objects.exists()


def test_who_signs_up_in_the_middle_of_a_chunk_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    look = importing._Import._without_known

    def look_too_early(self: importing._Import, wanted: dict[str, NewReader]) -> object:
        found = look(self, wanted)
        make_reader(email="ADA@example.org", status="pending")
        return found

    monkeypatch.setattr(importing._Import, "_without_known", look_too_early)
    report = take_in(f"email\n{ADA}\n{GRACE}\n")
    assert (report.created, report.skipped) == (1, Counter({"signed up meanwhile": 1}))
    assert Subscriber.objects.get(email="ADA@example.org").status == "pending"
