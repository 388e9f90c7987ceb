"""The tables of an empty database, made at once, are those the migrations make."""

import pytest

from tests.installation import Installation
from tests.servers import postgresql

ASK = """
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Plain
from django.db import connection
call_command({command}, verbosity=0)
TABLES = connection.introspection.table_names()
def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return sorted(map(str, cursor.fetchall()))
ON_POSTGRESQL = [
    "SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision,"
    " numeric_scale, is_nullable, column_default, collation_name, identity_generation"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT extname FROM pg_extension",
]
ON_SQLITE = ["SELECT type, name, tbl_name, sql FROM sqlite_master"]
shape = [rows(sql) for sql in (ON_POSTGRESQL if connection.vendor == "postgresql" else ON_SQLITE)]
counts = {{table: rows(f'SELECT COUNT(*) FROM "{{table}}"') for table in TABLES}}
answer = [shape, counts, rows("SELECT app, name FROM django_migrations")]
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def two(request, tmp_path):
    """Return two installations with empty databases."""
    homes = [tmp_path / "one", tmp_path / "other"]
    for home in homes:
        home.mkdir()
    if request.param == "sqlite":
        yield [Installation(home) for home in homes]
        return
    with postgresql() as url, postgresql() as other:
        yield [Installation(home, u) for home, u in zip(homes, (url, other), strict=True)]


@pytest.mark.once
@pytest.mark.timeout(600)
def test_tables_made_at_once_are_those_the_migrations_make(two):
    at_once, one_by_one = two

    made = at_once.ask(ASK.format(command="'migrate'"))
    migrated = one_by_one.ask(ASK.format(command="Plain()"))

    for told, wanted in zip(made[0], migrated[0], strict=True):
        assert _tidied(told) == _tidied(wanted)
    assert made[1] == migrated[1], "a migration made rows: make them where the program starts"
    assert made[2] == migrated[2]


def _tidied(rows):
    """Leave out where columns stand: one that a later migration added is the last.

    And the key of Django's own table of groups' permissions, which is an `integer` by its model
    and a `bigint` by its migration; no group is ever made.
    """
    kept = [row for row in rows if not ("auth_group_permissions'" in row and "'id'" in row)]
    return [sorted(row.replace("(", ",").replace(")", ",").split(",")) for row in kept]


def test_what_others_made_in_a_database_is_left_to_the_migrations(tmp_path):
    place = Installation(tmp_path)
    place.ask("from django.db import connection\n"
              "with connection.cursor() as c: c.execute('CREATE TABLE theirs (n int)')\n"
              "answer = 1")  # fmt: skip

    answer = place.ask(
        "from django.core.management import call_command\n"
        "from django.db import connection\n"
        "from fullscore.config.management.commands import migrate\n"
        "migrate.make_tables = None\n"
        "call_command('migrate', 'contenttypes', verbosity=0)\n"
        "answer = connection.introspection.table_names()"
    )

    assert set(answer) == {"theirs", "django_migrations", "django_content_type"}
