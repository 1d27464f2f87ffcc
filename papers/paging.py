"""Cuts lists into pages, each with one address."""

import re
from typing import Any

from django.core.paginator import EmptyPage, Page, Paginator
from django.http import HttpRequest

from papers.finding import NotFound, short
from papers.links import absolute

# One spelling of each number: a page has one address.
NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def page_of(items: Any, size: int, request: HttpRequest, *, count: int | None = None) -> Page[Any]:
    """Return the page of a list that `request` asks for. Raises NotFound when the list has no such page.

    `items` is a queryset, or any sequence; `count` is how many they are, where that is known.
    """
    number = read_number(request, "page")
    paginator = Paginator(items, size)
    if count is not None:
        paginator.count = count
    try:
        return paginator.page(number)
    except EmptyPage as err:
        raise NotFound(f"This list has no page {number}.", ("To the first page", request.path)) from err


def read_number(request: HttpRequest, name: str) -> int:
    """Return the number of a page in the parameter `name`: the first when it is empty. Raises NotFound for others."""
    word = request.GET.get(name) or "1"
    if not NUMBER.fullmatch(word):
        raise NotFound(f"“{short(word)}” is not a page number.", ("To the first page", request.path))
    return int(word)


def address_of(page: Page[Any], path: str) -> str:
    """Return the one address of a page of the list at `path`, for search engines."""
    return absolute(path if page.number == 1 else f"{path}?page={page.number}")
