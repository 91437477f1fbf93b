"""The database itself refuses to change or remove an audit entry."""

import pytest
from django.db import IntegrityError, connection, transaction

from breakwater.custody import triggers
from breakwater.custody.actions import record
from breakwater.custody.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(db, at):
    triggers.create(connection)
    record("custody.record.viewed", actor="test", at=at)
    record("custody.record.viewed", actor="test", at=at)


def refuses(statement):
    before = list(AuditEntry.objects.order_by("seq").values())
    with (
        pytest.raises(IntegrityError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(AuditEntry.objects.order_by("seq").values()) == before


def test_an_entry_is_never_changed(guarded):
    refuses("UPDATE custody_auditentry SET actor = 'nobody'")


def test_an_entry_is_never_removed(guarded):
    refuses("DELETE FROM custody_auditentry WHERE seq = 1")


def test_the_log_is_never_emptied(guarded):
    is_postgres = connection.vendor == "postgresql"
    refuses("TRUNCATE custody_auditentry" if is_postgres else "DELETE FROM custody_auditentry")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no REPLACE")
def test_an_entry_is_never_replaced(guarded):
    refuses(
        "INSERT OR REPLACE INTO custody_auditentry (seq, at, actor, agency, verb, target, detail, previous, hash) SELECT seq, at, actor, agency, verb, target, detail, previous, hash FROM custody_auditentry WHERE seq = 1"
    )


def test_an_entry_can_be_added(guarded, at):
    record("custody.record.viewed", actor="test", at=at)
    assert AuditEntry.objects.count() == 3
