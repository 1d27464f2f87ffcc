import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from papers.models import Topic
from subscribers import signals
from subscribers.models import ConsentEvent, ImportBatch, Subscriber, Suppression
from subscribers.preferences import STORED
from tests.admin_pages import assert_rows_cost_no_queries, choose_action, posted_by
from tests.factories import NOW, make_reader

pytestmark = pytest.mark.django_db

READERS = "/admin/subscribers/subscriber/"
SUPPRESSIONS = "/admin/subscribers/suppression/"
IMPORTS = "/admin/subscribers/importbatch/"
STAFF = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"


def page_of(reader: Subscriber) -> str:
    return f"{READERS}{reader.pk}/change/"


def make_rows(count: int) -> None:
    for _ in range(count):
        reader = make_reader()
        topic = Topic.objects.create(name=f"Topic {reader.pk}", slug=f"topic-{reader.pk}", kind="keywords")
        reader.topics.add(topic)
        Suppression.objects.suppress(reader.email, Suppression.Reason.COMPLAINT, NOW)
        ImportBatch.objects.create(provenance="Elsewhere", started_at=NOW)


@pytest.mark.parametrize("url", [READERS, SUPPRESSIONS, IMPORTS])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, url: str) -> None:
    assert_rows_cost_no_queries(admin_client, url, make_rows)


def test_the_list_shows_how_many_topics_a_reader_follows(admin_client: Client) -> None:
    reader = make_reader()
    reader.topics.set(Topic.objects.all()[:3])
    (row,) = admin_client.get(READERS).context["cl"].result_list
    assert row.topic_count == 3


def test_a_reader_is_found_by_address(admin_client: Client) -> None:
    reader = make_reader(email="ada@example.org")
    make_reader(email="alan@example.org")
    assert list(admin_client.get(READERS, {"q": "ada@"}).context["cl"].result_list) == [reader]


def test_readers_are_neither_added_nor_deleted_by_hand(admin_client: Client) -> None:
    reader = make_reader()
    assert admin_client.get(f"{READERS}add/").status_code == 403
    assert admin_client.post(f"{READERS}add/", {"email": "eve@example.org"}).status_code == 403
    assert admin_client.post(f"{READERS}{reader.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(Subscriber.objects.all()) == [reader]


def test_preferences_are_edited_and_the_news_gets_out(
    admin_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = make_reader()
    topic = Topic.objects.all()[0]
    heard = []

    def listen(subscriber_id: int, **_: object) -> None:
        heard.append(subscriber_id)

    signals.preferences_changed.connect(listen)
    data = posted_by(admin_client.get(page_of(reader)))
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(page_of(reader), data | {"topics": [topic.pk], "hour": 9, "interests": "proofs"})
    assert answer.status_code == 302
    reader.refresh_from_db()
    assert (reader.hour, reader.interests, list(reader.topics.all())) == (9, "proofs", [topic])
    assert heard == [reader.pk]


def test_an_hour_or_a_time_zone_that_does_not_exist_is_refused(admin_client: Client) -> None:
    reader = make_reader()
    data = posted_by(admin_client.get(page_of(reader)))
    page = admin_client.post(page_of(reader), data | {"hour": 24, "time_zone": "Mars/Olympus"})
    assert set(page.context["adminform"].form.errors) == {"hour", "time_zone"}


def test_address_status_and_consent_cannot_be_edited(admin_client: Client) -> None:
    reader = make_reader(email="ada@example.org", status="pending")
    ConsentEvent.objects.create(subscriber=reader, kind="requested", wording_version="1", source="form", at=NOW)
    page = admin_client.get(page_of(reader))
    assert set(page.context["adminform"].form.fields) == {"topics", *STORED}
    (consent,) = page.context["inline_admin_formsets"]
    assert not any([consent.has_add_permission, consent.has_change_permission, consent.has_delete_permission])
    assert "Asked for the digest" in page.content.decode()
    forged = {"email": "eve@example.org", "status": "active", "consent_events-0-kind": "confirmed"}
    assert admin_client.post(page_of(reader), posted_by(page) | forged).status_code == 302
    reader.refresh_from_db()
    assert (reader.email, reader.status) == ("ada@example.org", "pending")
    assert reader.consent_events.get().kind == "requested"


def test_the_proof_of_a_consent_shows_whole(admin_client: Client) -> None:
    reader = make_reader()
    proof = {"source": "form", "page": "/topics/agents/", "truncated_ip": "192.0.2.0", "wording_version": "draft-7"}
    ConsentEvent.objects.create(subscriber=reader, kind="requested", at=NOW, **proof)
    (consent,) = admin_client.get(page_of(reader)).context["inline_admin_formsets"]
    (row,) = [form for form in consent if form.original]
    shown = {field.field["name"]: field.contents() for line in row for one in line for field in one}
    assert {name: str(shown[name]) for name in proof} == proof


def test_who_is_unsubscribed_by_an_operator_has_left_for_the_record(admin_client: Client) -> None:
    reader, gone, other = make_reader(), make_reader(status="unsubscribed"), make_reader()
    assert choose_action(admin_client, READERS, "unsubscribe", reader, gone) == "Unsubscribed: 1."
    reader.refresh_from_db()
    other.refresh_from_db()
    assert (reader.status, other.status) == ("unsubscribed", "active")
    event = ConsentEvent.objects.get()
    assert (event.subscriber, event.kind, event.source) == (reader, "unsubscribed", "admin")


def test_a_suppressed_reader_has_left_and_is_never_mailed_again(admin_client: Client) -> None:
    reader, other = make_reader(), make_reader()
    assert choose_action(admin_client, READERS, "suppress", reader) == "Suppressed: 1."
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"
    assert Suppression.objects.covers(reader.email)
    assert Suppression.objects.get().reason == "manual"
    assert not Suppression.objects.covers(other.email)


def test_suppressing_twice_changes_nothing_more(admin_client: Client) -> None:
    reader = make_reader()
    choose_action(admin_client, READERS, "suppress", reader)
    choose_action(admin_client, READERS, "suppress", reader)
    assert Suppression.objects.count() == 1
    assert ConsentEvent.objects.count() == 1


def test_a_suppression_is_found_by_the_address_it_hides(admin_client: Client) -> None:
    make_rows(2)
    Suppression.objects.suppress("Ada@example.org", Suppression.Reason.MANUAL, NOW)
    for address, found in (("ada@example.org", 1), ("nobody@example.org", 0)):
        assert len(admin_client.get(SUPPRESSIONS, {"q": address}).context["cl"].result_list) == found


def test_suppressions_are_not_edited_but_may_be_lifted(admin_client: Client) -> None:
    Suppression.objects.suppress("ada@example.org", Suppression.Reason.MANUAL, NOW)
    url = f"{SUPPRESSIONS}{Suppression.objects.get().pk}/"
    assert admin_client.get(f"{SUPPRESSIONS}add/").status_code == 403
    assert admin_client.get(f"{url}change/").status_code == 200
    assert admin_client.post(f"{url}change/", {"reason": "complaint"}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 302
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("url", [STAFF, f"{STAFF}add/", GROUPS, f"{GROUPS}add/"])
def test_staff_and_groups_have_pages(admin_client: Client, url: str) -> None:
    assert admin_client.get(url).status_code == 200


def test_a_colleague_is_added_with_a_password_that_is_kept_as_a_hash(admin_client: Client) -> None:
    secret = "a long enough phrase"
    data = {"username": "grace", "usable_password": "true", "password1": secret, "password2": secret}
    answer = admin_client.post(f"{STAFF}add/", data)
    assert answer.status_code == 302
    page = admin_client.get(answer.headers["Location"])
    assert page.context["original"].check_password(secret)
    assert secret not in page.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"paused_until": "2099-01-01"}, {"interests": "x" * 2001}, {"followed_authors": "x" * 2001}]
)
def test_an_operator_can_set_nothing_that_the_reader_could_not_save(
    wrong: dict[str, str], admin_client: Client
) -> None:
    reader = make_reader()
    before = Subscriber.objects.filter(pk=reader.pk).values().get()
    form = posted_by(admin_client.get(page_of(reader)))
    assert admin_client.post(page_of(reader), form | wrong).status_code == 200
    assert Subscriber.objects.filter(pk=reader.pk).values().get() == before
