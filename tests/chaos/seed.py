"""Fills the database of this process: `python -m tests.chaos.seed READERS`."""

import sys

import django


def main(readers: int) -> None:
    from bench.queued import make_edition, make_readers, queue  # noqa: PLC0415  Django has to be set up first

    edition = make_edition()
    make_readers(readers)
    queue(edition, readers)
    edition.audience = readers
    edition.save()


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
