"""Writes the page that shows all pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.template import Context, Template

from tests.gallery.pictures import Exhibit

TEMPLATE = Path(__file__).with_name("index.html")


def write_index(folder: Path, groups: Mapping[str, Sequence[Exhibit]]) -> Path:
    """Write `index.html` to `folder`, with the exhibits of each group in their order; return where it is."""
    file = folder / "index.html"
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    pictures = sum(len(exhibit.pictures) for exhibits in groups.values() for exhibit in exhibits)
    file.write_text(template.render(Context({"groups": dict(groups), "pictures": pictures})), encoding="utf-8")
    return file
