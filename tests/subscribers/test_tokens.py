import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.signing import Signer
from hypothesis import assume, given
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.tokens import LinkExpired, LinkInvalid, Purpose, make_token, read_token

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TOKEN = make_token(Purpose.CONFIRM, "7-nonce", AT)
# Halves of characters too, which cannot even be encoded.
ANY_CHARACTER = st.characters(exclude_categories=())
LASTING = {Purpose.UNSUBSCRIBE, Purpose.WEB_COPY}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_gives_back_its_subject(purpose: Purpose) -> None:
    assert read_token(purpose, make_token(purpose, "7", AT), AT) == "7"


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("other", Purpose)
def test_a_token_opens_no_other_purpose(purpose: Purpose, other: Purpose) -> None:
    if purpose == other:
        return
    with pytest.raises(LinkInvalid):
        read_token(other, make_token(purpose, "7", AT), AT)


def test_the_same_clock_makes_the_same_bytes() -> None:
    assert make_token(Purpose.UNSUBSCRIBE, "7", AT) == make_token(Purpose.UNSUBSCRIBE, "7", AT)
    assert make_token(Purpose.UNSUBSCRIBE, "7", AT) != make_token(Purpose.UNSUBSCRIBE, "7", AT + timedelta(seconds=1))


def test_a_token_needs_no_escaping_in_an_address() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", TOKEN)


@pytest.mark.parametrize(
    ("purpose", "valid_for"), [(Purpose.CONFIRM, timedelta(days=7)), (Purpose.PREFERENCES, timedelta(days=90))]
)
def test_a_link_that_acts_for_a_reader_expires(purpose: Purpose, valid_for: timedelta) -> None:
    token = make_token(purpose, "7", AT)
    assert read_token(purpose, token, AT + valid_for) == "7"
    with pytest.raises(LinkExpired):
        read_token(purpose, token, AT + valid_for + timedelta(seconds=1))


@pytest.mark.parametrize("purpose", sorted(LASTING))
def test_a_link_in_delivered_mail_works_for_years(purpose: Purpose) -> None:
    assert read_token(purpose, make_token(purpose, "7", AT), AT + timedelta(days=3650)) == "7"


def test_an_expired_token_of_another_purpose_is_invalid_not_expired() -> None:
    with pytest.raises(LinkInvalid) as caught:
        read_token(Purpose.PREFERENCES, TOKEN, AT + timedelta(days=3650))
    assert not isinstance(caught.value, LinkExpired)


def test_a_new_first_key_signs_and_the_old_one_still_verifies(settings: Settings) -> None:
    settings.LINK_KEYS = ["old"]
    delivered = make_token(Purpose.UNSUBSCRIBE, "7", AT)
    settings.LINK_KEYS = ["new", "old"]
    assert read_token(Purpose.UNSUBSCRIBE, delivered, AT) == "7"
    fresh = make_token(Purpose.UNSUBSCRIBE, "7", AT)
    settings.LINK_KEYS = ["new"]
    assert read_token(Purpose.UNSUBSCRIBE, fresh, AT) == "7"
    with pytest.raises(LinkInvalid):
        read_token(Purpose.UNSUBSCRIBE, delivered, AT)


def test_changing_the_secret_key_breaks_no_link(settings: Settings) -> None:
    settings.SECRET_KEY = "another"
    settings.SECRET_KEY_FALLBACKS = []
    assert read_token(Purpose.CONFIRM, TOKEN, AT) == "7-nonce"


@given(st.text(ANY_CHARACTER))
def test_garbage_is_an_invalid_link_and_never_another_error(garbage: str) -> None:
    for purpose in Purpose:
        with pytest.raises(LinkInvalid):
            read_token(purpose, garbage, AT)


@given(st.lists(st.text(ANY_CHARACTER), min_size=2, max_size=5))
def test_garbage_with_dots_is_an_invalid_link_and_never_another_error(parts: list[str]) -> None:
    with pytest.raises(LinkInvalid):
        read_token(Purpose.CONFIRM, ".".join(parts), AT)


@given(st.integers(0, len(TOKEN) - 1), ANY_CHARACTER)
def test_a_token_with_any_character_changed_is_invalid(place: int, character: str) -> None:
    assume(TOKEN[place] != character)
    with pytest.raises(LinkInvalid):
        read_token(Purpose.CONFIRM, TOKEN[:place] + character + TOKEN[place + 1 :], AT)


@given(
    st.text("abcXYZ0123456789_-", min_size=1),
    st.integers(0, 10**11).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(list(Purpose)),
)
def test_every_subject_and_time_comes_back(subject: str, made_at: datetime, purpose: Purpose) -> None:
    assert read_token(purpose, make_token(purpose, subject, made_at), made_at) == subject


@given(subject=st.text(st.characters(exclude_characters=".", exclude_categories=["Cs"])))
def test_a_signature_is_the_one_that_django_makes(subject: str) -> None:
    token = make_token(Purpose.UNSUBSCRIBE, subject, AT)
    usual = Signer(key=settings.LINK_KEYS[0], sep=".", salt="paper-route.unsubscribe")
    assert usual.sign(token.rpartition(".")[0]) == token
