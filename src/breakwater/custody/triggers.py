"""The triggers with which the database itself refuses to change or remove audit entries.

They stop mistakes and stolen application credentials. Whoever owns the database can drop
them; that is what the hash chain and a head noted elsewhere are for. A later migration that alters the
table has to create them again: SQLite alters a table by making a new one.
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_TABLE = "custody_auditentry"
_SENTENCE = "the audit log is only ever added to"

_SQLITE = {
    "audit_no_update": f"""
        CREATE TRIGGER audit_no_update BEFORE UPDATE ON {_TABLE}
        BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END""",
    "audit_no_delete": f"""
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON {_TABLE}
        BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END""",
    # INSERT OR REPLACE removes a row without its delete trigger.
    "audit_no_replace": """
        CREATE TRIGGER audit_no_replace BEFORE INSERT ON custody_auditentry
        WHEN EXISTS (SELECT 1 FROM custody_auditentry WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""",
}
_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{_SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"""
_POSTGRESQL = {
    "audit_no_change": f"""
        CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    "audit_no_truncate": f"""
        CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
}


def _of(vendor: str) -> dict[str, str]:
    return {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[vendor]


def create(connection: BaseDatabaseWrapper) -> None:
    drop(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for statement in _of(connection.vendor).values():
            cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper) -> None:
    place = f" ON {_TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in _of(connection.vendor):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")


def create_in_migration(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    create(editor.connection)


def drop_in_migration(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    drop(editor.connection)
