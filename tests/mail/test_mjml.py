from pathlib import Path

import pytest

from mail.mjml import MjmlError, to_html


def document(content: str, head: str = "") -> str:
    column = f"<mj-section><mj-column><mj-text>{content}</mj-text></mj-column></mj-section>"
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{column}</mj-body></mjml>"


def test_a_document_becomes_mail_html() -> None:
    html = to_html(document("Papers of <b>today</b> &amp; tomorrow"))
    assert html.startswith("<!doctype html>")
    assert "Papers of <b>today</b> &amp; tomorrow" in html


def test_the_same_source_makes_the_same_bytes() -> None:
    assert to_html(document("Papers")) == to_html(document("Papers"))


def test_escaped_markup_stays_text() -> None:
    assert "<script>" not in to_html(document("&lt;script&gt;"))


@pytest.mark.parametrize(
    "source", ["", "no markup at all", "<mjml><mj-body>", document("x < y and more"), "<html></html>"]
)
def test_what_is_not_mjml_is_an_error_of_ours(source: str) -> None:
    with pytest.raises(MjmlError):
        to_html(source)


@pytest.mark.parametrize("family", ["Roboto", "Open Sans", "Lato, sans-serif"])
def test_no_font_is_loaded_from_elsewhere(family: str) -> None:
    head = f'<mj-attributes><mj-all font-family="{family}" /></mj-attributes>'
    html = to_html(document("Papers", head))
    assert family in html
    assert "googleapis" not in html
    assert "@import" not in html


def test_a_mail_cannot_include_a_file_of_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mjml"
    secret.write_text("<mj-section><mj-column><mj-text>secret</mj-text></mj-column></mj-section>")
    with pytest.raises(MjmlError):
        to_html(f'<mjml><mj-body><mj-include path="{secret}" /></mj-body></mjml>')
