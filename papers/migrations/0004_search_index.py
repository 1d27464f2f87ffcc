"""The full-text index over the search entries, in the words of each database.

Both split at spaces only (papers.search_index folds the text before), keep no positions, and keep what they index in
step with the table by themselves. On SQLite a later migration that makes `papers_searchentry` anew (as most changes of
a table do there) drops the triggers with the old table: it has to run `SQLITE_TRIGGERS` again.
"""

from itertools import islice

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from papers.search_index import entry_columns

# Only rows are kept for a word, neither positions nor columns: that is all search asks, and small. One and two letters
# (three in titles) have an index of their own, because as beginnings they stand in nearly every paper.
SQLITE_TABLES = [
    """
    CREATE VIRTUAL TABLE papers_search_title USING fts5(
        title, acronym, content='papers_searchentry', content_rowid='place',
        detail='none', columnsize=0, prefix='1 2 3', tokenize="ascii tokenchars '='"
    )
    """,
    """
    CREATE VIRTUAL TABLE papers_search_text USING fts5(
        title, names, body, content='papers_searchentry', content_rowid='place',
        detail='none', columnsize=0, prefix='1 2', tokenize='ascii'
    )
    """,
]
REMOVE_OLD = """
    INSERT INTO papers_search_title (papers_search_title, rowid, title, acronym)
        VALUES ('delete', old.place, old.title, old.acronym);
    INSERT INTO papers_search_text (papers_search_text, rowid, title, names, body)
        VALUES ('delete', old.place, old.title, old.names, old.body);
"""
ADD_NEW = """
    INSERT INTO papers_search_title (rowid, title, acronym) VALUES (new.place, new.title, new.acronym);
    INSERT INTO papers_search_text (rowid, title, names, body) VALUES (new.place, new.title, new.names, new.body);
"""
SQLITE_TRIGGERS = [
    f"CREATE TRIGGER papers_search_added AFTER INSERT ON papers_searchentry BEGIN {ADD_NEW} END",
    f"CREATE TRIGGER papers_search_changed AFTER UPDATE ON papers_searchentry BEGIN {REMOVE_OLD} {ADD_NEW} END",
    f"CREATE TRIGGER papers_search_removed AFTER DELETE ON papers_searchentry BEGIN {REMOVE_OLD} END",
]
SQLITE_BACK = [
    "DROP TRIGGER papers_search_added",
    "DROP TRIGGER papers_search_changed",
    "DROP TRIGGER papers_search_removed",
    "DROP TABLE papers_search_title",
    "DROP TABLE papers_search_text",
]

# What is long is stored outside the row. A look-up that matches half of the table then visits a tenth of its pages.
# The pending list of an index is read by every look-up, so it is kept short.
POSTGRESQL_COLUMNS = [
    """
    ALTER TABLE papers_searchentry
        ADD title_words tsvector GENERATED ALWAYS AS
            (array_to_tsvector(array_remove(string_to_array(title || ' ' || acronym, ' '), ''))) STORED,
        ADD words tsvector GENERATED ALWAYS AS
            (array_to_tsvector(array_remove(string_to_array(title || ' ' || names || ' ' || body, ' '), ''))) STORED
    """,
    """
    ALTER TABLE papers_searchentry
        ALTER title SET STORAGE MAIN,
        ALTER names SET STORAGE EXTERNAL,
        ALTER body SET STORAGE EXTERNAL,
        ALTER title_words SET STORAGE MAIN,
        ALTER words SET STORAGE EXTERNAL,
        SET (toast_tuple_target = 256)
    """,
    """
    CREATE INDEX papers_search_title_words ON papers_searchentry USING gin (title_words)
        WITH (gin_pending_list_limit = 1024)
    """,
    "CREATE INDEX papers_search_words ON papers_searchentry USING gin (words) WITH (gin_pending_list_limit = 1024)",
]
# The planner takes a comparison of words to be as cheap as one of numbers, and would compare row by row. It would also
# walk by place until enough matched, be it to the end: "+ 0" keeps it from that. A walk is what finds words that stand
# nearly everywhere, though: when more than a seventh of the first four hundred places match, 2,500 will do for most.
HIGHEST_PLACES = """
    CREATE FUNCTION papers_search_{index}(query tsquery, most integer) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET jit = off
    AS $$
    DECLARE
        best bigint[];
    BEGIN
        best := ARRAY(
            SELECT place
            FROM (SELECT place, {words} FROM papers_searchentry ORDER BY place DESC LIMIT 400) AS first
            WHERE {words} @@ query LIMIT most
        );
        IF cardinality(best) < most AND cardinality(best) * 7 > 400 THEN
            best := ARRAY(
                SELECT place
                FROM (SELECT place, {words} FROM papers_searchentry ORDER BY place DESC LIMIT 2500) AS first
                WHERE {words} @@ query LIMIT most
            );
        END IF;
        IF cardinality(best) = most THEN
            RETURN QUERY SELECT unnest(best);
        ELSE
            RETURN QUERY
                SELECT place FROM papers_searchentry WHERE {words} @@ query ORDER BY place + 0 DESC LIMIT most;
        END IF;
    END
    $$
"""
ANY_PLACES = """
    CREATE FUNCTION papers_search_{index}_any(query tsquery, most integer) RETURNS SETOF bigint
    LANGUAGE sql STABLE SET enable_seqscan = off SET enable_indexscan = off SET jit = off
    AS $$
        SELECT place FROM papers_searchentry WHERE {words} @@ query LIMIT most
    $$
"""
POSTGRESQL_FUNCTIONS = [
    function.format(index=index, words=words)
    for function in (HIGHEST_PLACES, ANY_PLACES)
    for index, words in (("title", "title_words"), ("text", "words"))
]
POSTGRESQL_BACK = [
    "DROP FUNCTION papers_search_title",
    "DROP FUNCTION papers_search_text",
    "DROP FUNCTION papers_search_title_any",
    "DROP FUNCTION papers_search_text_any",
    "ALTER TABLE papers_searchentry DROP title_words, DROP words",
]

FORTH = {"sqlite": SQLITE_TABLES + SQLITE_TRIGGERS, "postgresql": POSTGRESQL_COLUMNS + POSTGRESQL_FUNCTIONS}
BACK = {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}


def make_index(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in FORTH[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop_index(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in BACK[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


# With today's words and columns: a migration that changes the columns has to fill them itself, and take this from here.
def fill_entries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    entry = apps.get_model("papers", "SearchEntry")
    papers = apps.get_model("papers", "Paper").objects.iterator(chunk_size=500)
    while chunk := list(islice(papers, 500)):
        entry.objects.bulk_create([entry(paper_id=paper.pk, **entry_columns(paper)) for paper in chunk])


def forget_entries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("papers", "SearchEntry").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("papers", "0003_sources_days_and_search"),
    ]

    operations = [
        migrations.RunPython(make_index, drop_index),
        migrations.RunPython(fill_entries, forget_entries),
    ]
