"""MJML to mail HTML, in process."""

import mrml


class MjmlError(Exception):
    """The source is not MJML that can be compiled."""


def to_html(source: str) -> str:
    """Return the HTML of an MJML document. Raises MjmlError; an unescaped "<" in a value is the usual cause."""
    try:
        # No fonts: a mail that loads one from elsewhere tells elsewhere that it was opened.
        return mrml.to_html(source, render_options=mrml.RenderOptions(fonts={})).content
    except OSError as err:
        raise MjmlError(str(err)) from err
