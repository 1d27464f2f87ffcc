from datetime import timedelta

import pytest
from django.test import Client

from newsletter.rendering import personal_links
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db


def test_the_web_copy_shows_the_digest_and_acts_for_nobody(client: Client) -> None:
    paper, reader = make_paper(title="Readable in the Browser"), make_reader()
    delivery = make_delivery(make_edition(paper), reader, paper)
    links = personal_links(delivery, reader)
    answer = client.get(links.web_copy_url)
    assert answer.status_code == 200
    assert "Readable in the Browser" in answer.content.decode()
    assert links.unsubscribe_url not in answer.content.decode()
    assert (answer["Cache-Control"], answer["Referrer-Policy"], answer["X-Robots-Tag"]) == (
        "no-store",
        "no-referrer",
        "noindex",
    )
    assert not answer.cookies


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "1.toy5jj.HOl08tZhnHTumPuCj5H7lDi5p_l-ZiDJyjWqv3qQyHs"])
def test_an_unknown_or_tampered_token_gets_one_clear_page(client: Client, token: str) -> None:
    answer = client.get(f"/digest/{token}")
    assert answer.status_code == 404


def test_a_token_for_something_else_opens_no_digest(client: Client) -> None:
    paper, reader = make_paper(), make_reader()
    links = personal_links(make_delivery(make_edition(paper), reader, paper), reader)
    token = links.unsubscribe_url.rsplit("/", 1)[1]
    assert client.get(f"/digest/{token}").status_code == 404


def test_the_web_copy_cannot_be_posted_to(client: Client) -> None:
    paper, reader = make_paper(), make_reader()
    links = personal_links(make_delivery(make_edition(paper), reader, paper, due_at=NOW - timedelta(days=400)), reader)
    assert client.post(links.web_copy_url).status_code == 405
    assert client.get(links.web_copy_url).status_code == 200
