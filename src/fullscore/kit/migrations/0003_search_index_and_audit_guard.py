"""Index the words of the search by trigrams, and let nobody change or remove an audit entry."""

from django.db import migrations

ON_SQLITE = [
    "CREATE VIRTUAL TABLE kit_search USING fts5("
    "words, content='kit_searchentry', content_rowid='id', tokenize='trigram')",
    "CREATE TRIGGER kit_search_added AFTER INSERT ON kit_searchentry BEGIN "
    "INSERT INTO kit_search(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER kit_search_removed AFTER DELETE ON kit_searchentry BEGIN "
    "INSERT INTO kit_search(kit_search, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER kit_search_changed AFTER UPDATE OF words ON kit_searchentry "
    "WHEN old.words <> new.words BEGIN "
    "INSERT INTO kit_search(kit_search, rowid, words) VALUES ('delete', old.id, old.words); "
    "INSERT INTO kit_search(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER kit_audit_not_changed BEFORE UPDATE ON kit_auditentry BEGIN "
    "SELECT RAISE(ABORT, 'audit entries are never changed'); END",
    "CREATE TRIGGER kit_audit_not_removed BEFORE DELETE ON kit_auditentry BEGIN "
    "SELECT RAISE(ABORT, 'audit entries are never removed'); END",
]
OFF_SQLITE = [
    "DROP TRIGGER kit_audit_not_removed",
    "DROP TRIGGER kit_audit_not_changed",
    "DROP TABLE kit_search",
    "DROP TRIGGER kit_search_added",
    "DROP TRIGGER kit_search_removed",
    "DROP TRIGGER kit_search_changed",
]
# A trusted extension since PostgreSQL 13: the owner of a database may create it.
ON_POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX kit_search_trigrams ON kit_searchentry USING gin (words gin_trgm_ops)",
    "CREATE FUNCTION kit_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'audit entries are never changed or removed'; END $$",
    "CREATE TRIGGER kit_audit_guard BEFORE UPDATE OR DELETE ON kit_auditentry "
    "FOR EACH ROW EXECUTE FUNCTION kit_audit_refuse()",
]
OFF_POSTGRESQL = [
    "DROP TRIGGER kit_audit_guard ON kit_auditentry",
    "DROP FUNCTION kit_audit_refuse()",
    "DROP INDEX kit_search_trigrams",
]


def forwards(apps, schema_editor):
    _run(schema_editor, ON_SQLITE, ON_POSTGRESQL)


def backwards(apps, schema_editor):
    _run(schema_editor, OFF_SQLITE, OFF_POSTGRESQL)


def _run(schema_editor, on_sqlite, on_postgresql):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in on_postgresql if is_postgresql else on_sqlite:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("kit", "0002_cache_table")]
    operations = [migrations.RunPython(forwards, backwards)]
