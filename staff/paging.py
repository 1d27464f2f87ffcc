"""How long lists are counted: by what the database knows of a table, and no further than anybody turns pages."""

from functools import cached_property
from typing import Any, ClassVar, Protocol, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.views import ChangeList

# Rows that are counted one by one: beyond, a list says no more than that there are more.
MOST_COUNTED = 10_000
# Rows that a search finds and that are asked for by their keys from then on.
FEW = 2_000


class Count(int):
    """How many rows there are, told as well as it is known: "60", "more than 10,000", "about 100,000"."""

    known: str

    def __new__(cls, number: int, known: str = "") -> "Count":
        count = super().__new__(cls, number)
        count.known = known
        return count

    def __str__(self) -> str:
        return f"{self.known} {int(self):,}".lstrip()

    @property
    def is_exact(self) -> bool:
        return not self.known


class QuickPaginator(Paginator[Any]):
    """Counts a whole table by the planner's estimate, and some of its rows up to a limit."""

    @cached_property
    def count(self) -> Count:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return Count(super().count)
        # Neither columns nor their order say how many there are.
        found = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
        if found <= MOST_COUNTED:
            return Count(found)
        return Count(max(found, estimate(rows)), "about") if is_whole(rows) else Count(MOST_COUNTED, "more than")


def is_whole(rows: QuerySet[Any]) -> bool:
    return not rows.query.where and not rows.query.distinct


def estimate(rows: QuerySet[Any]) -> int:
    """Return about how many rows their table has; as many as are counted where the database does not know."""
    connection = connections[rows.db]
    table = rows.model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        else:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  Django's name of it
        ((found,),) = cursor.fetchall()
    return int(found)


def found_once(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return these rows by their keys when they are few: what all rows are read for is then read once.

    Of many the first are met soon, in whatever order.
    """
    keys = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return rows if len(keys) > FEW else rows.model._default_manager.filter(pk__in=keys).order_by(*rows.query.order_by)


class Long(ModelAdmin[Any]):
    """For lists that grow for as long as the service goes on."""

    paginator: ClassVar[type] = QuickPaginator
    show_full_result_count = False
    list_per_page = 50

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """Do something with the rows that were chosen; not with all of them where nobody knows how many they are."""
        wants_all = request.POST.get("select_across", "0") != "0"
        if wants_all and not (count := QuickPaginator(queryset, self.list_per_page).count).is_exact:
            told = f"These are {count}: choose some on each page, or filter the list. Nothing was changed."
            self.message_user(request, told, messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args)


class FiguredAdmin(Protocol):
    def with_figures(self, rows: QuerySet[Any]) -> QuerySet[Any]: ...


class FiguredList(ChangeList):
    """Asks for figures of the rows on the page only: neither counting nor turning pages waits for them.

    The admin of the model says what they are, in `with_figures`.
    """

    def get_results(self, request: HttpRequest) -> None:
        if self.query:
            self.queryset = found_once(self.queryset)
        super().get_results(request)
        # Where nothing was counted, nothing is looked for again. Keys alone, which an index may have.
        on_page = list(self.result_list.values_list("pk", flat=True)) if self.result_count else []
        rows = self.model._default_manager.filter(pk__in=on_page)
        found = cast("FiguredAdmin", self.model_admin).with_figures(rows).in_bulk()
        self.result_list = [found[pk] for pk in on_page if pk in found]
