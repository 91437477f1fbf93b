"""Decisions enter the log once and in order, its public side names nobody, its heads are signed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from breakwater.custody.actions import NotInTransaction
from breakwater.custody.models import AuditEntry
from breakwater.worstof import jobs, signing
from breakwater.worstof.actions.transparency import append, sign_head, sign_when_due
from breakwater.worstof.models import BlockList, Entry, LogHead, LogLeaf, LogNode
from breakwater.worstof.queries import log
from breakwater.worstof.rules import leaves, merkle, signatures


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "worstof" / "signing.key"
    monkeypatch.setattr(signing, "key_path", lambda: path)
    return path


@pytest.fixture
def entry(db: None, at: datetime) -> Entry:
    block_list = BlockList.objects.create(name="Worst Of", legal_basis="Synthetic Act s. 1")
    return Entry.objects.create(
        block_list=block_list, name="bad.example", shown="bad.example", created_at=at
    )


def decide(entry: Entry, at: datetime, times: int = 1) -> None:
    with transaction.atomic():
        for _ in range(times):
            append("listed", entry, at=at)


def test_a_decision_is_kept_in_its_one_form_and_hidden_by_its_nonce(entry, at) -> None:
    leaf = append("listed", entry, at=at)
    assert leaf.decision == (
        '{"at":"2026-11-02T12:00:00Z","list":"Worst Of","name":"bad.example","verb":"listed"}'
    )
    leaf.refresh_from_db()
    assert bytes(leaf.commitment) == leaves.commitment(bytes(leaf.nonce), leaf.decision)
    again = append("listed", entry, at=at)
    assert (leaf.index, again.index) == (0, 1)
    assert bytes(again.commitment) != bytes(leaf.commitment)


def test_only_known_verbs_enter_the_log(entry, at) -> None:
    with pytest.raises(ValueError, match="knows no"):
        append("nominated", entry, at=at)


@pytest.mark.django_db(transaction=True)
def test_a_decision_outside_of_a_transaction_is_refused(entry, at) -> None:
    with pytest.raises(NotInTransaction):
        append("listed", entry, at=at)


def test_a_decision_that_fails_leaves_no_gap(entry, at) -> None:
    decide(entry, at, 2)

    def fail() -> None:
        with transaction.atomic():
            append("listed", entry, at=at)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    decide(entry, at)
    assert list(LogLeaf.objects.order_by("index").values_list("index", flat=True)) == [0, 1, 2]


def test_the_kept_hashes_give_the_root_of_the_leaves_at_every_size(entry, at) -> None:
    decide(entry, at, 21)
    hashes = [merkle.leaf_hash(c) for _, c in log.leaves(0, 21)]
    for size in range(22):
        assert log.root_at(size) == merkle.root_of(hashes[:size])
    assert LogNode.objects.count() == 21 + 10 + 5 + 2 + 1


def test_an_added_leaf_asks_the_same_whatever_the_size(
    entry, at, django_assert_max_num_queries
) -> None:
    decide(entry, at, 15)
    append("removed", entry, at=at)  # the first of a year and kind opens its count
    with django_assert_max_num_queries(8), transaction.atomic():
        append("removed", entry, at=at)


def test_a_proof_is_one_query(entry, at, django_assert_num_queries) -> None:
    decide(entry, at, 21)
    with django_assert_num_queries(1):
        proof = log.inclusion_proof(13, 21)
    assert merkle.includes(13, 21, log.leaf_hash(13), proof, log.root_at(21))


def test_a_head_is_signed_once_per_size_and_verifies(entry, at) -> None:
    decide(entry, at, 3)
    sign_head(actor="test", at=at)
    assert sign_head(actor="test", at=at) is None
    head = log.last_head()
    assert head
    assert head.size == 3
    assert head.is_signed_by(signing.public_key())
    assert not head.is_signed_by(bytes(32))
    assert AuditEntry.objects.filter(verb="worstof.log.signed").count() == 1


def test_the_worker_signs_new_leaves_a_minute_after_the_head_before(entry, at) -> None:
    assert not sign_when_due(at)
    decide(entry, at)
    assert dict(jobs.JOBS)["worstof.log"](at)
    decide(entry, at)
    assert not sign_when_due(at + timedelta(seconds=59))
    assert sign_when_due(at + timedelta(seconds=61))
    assert not sign_when_due(at + timedelta(hours=1))
    assert list(LogHead.objects.order_by("size").values_list("size", flat=True)) == [1, 2]


def test_a_clock_that_was_ahead_stops_no_head_and_no_time_goes_back(entry, at) -> None:
    ahead = at + timedelta(days=365)
    decide(entry, at)
    assert sign_when_due(ahead)
    decide(entry, at)
    assert sign_when_due(at + timedelta(hours=1))
    decide(entry, at)
    assert not sign_when_due(at + timedelta(hours=1, seconds=59))
    assert sign_when_due(at + timedelta(hours=1, seconds=60))
    decide(entry, at)
    assert sign_when_due(ahead + timedelta(minutes=2))
    assert [(head.size, head.at) for head in log.heads()] == [
        (1, ahead), (2, ahead), (3, ahead), (4, ahead + timedelta(minutes=2)),
    ]  # fmt: skip
    assert all(head.is_signed_by(signing.public_key()) for head in log.heads())


def test_the_page_says_that_a_head_is_ahead_of_the_clock(entry, at) -> None:
    decide(entry, at)
    sign_when_due(at)
    said = "clock was ahead when a head was signed"
    assert said not in Client().get("/transparency/").content.decode()
    decide(entry, at)
    sign_when_due(datetime.now(UTC) + timedelta(days=365))
    assert said in Client().get("/transparency/").content.decode()


def test_a_log_that_stands_still_has_its_head_signed_anew_each_day(entry, at) -> None:
    decide(entry, at, 3)
    assert sign_when_due(at)
    assert not sign_when_due(at + timedelta(hours=23, minutes=59))
    assert sign_when_due(at + timedelta(days=1))
    assert not sign_when_due(at + timedelta(days=1, minutes=5))
    (head,) = log.heads()
    assert (head.size, head.at) == (3, at + timedelta(days=1))
    assert head.is_signed_by(signing.public_key())
    assert AuditEntry.objects.filter(verb="worstof.log.signed").count() == 2


def test_what_is_public_of_the_log_names_no_domain_and_sets_no_cookie(entry, at) -> None:
    decide(entry, at, 4)
    sign_head(actor="test", at=at)
    client = Client()
    for address in ("key", "head", "heads", "leaves", "consistency?first=2&second=4",
                    "proof?index=1&size=4"):  # fmt: skip
        answer = client.get(f"/transparency/{address}")
        assert answer.status_code == 200, address
        assert "public" in answer["Cache-Control"]
        assert not answer.cookies
        text = answer.content.decode()
        assert "bad.example" not in text
        assert "listed" not in text


def test_leaves_beyond_the_signed_head_are_not_shown(entry, at) -> None:
    decide(entry, at, 3)
    sign_head(actor="test", at=at)
    decide(entry, at, 2)
    data = Client().get("/transparency/leaves").json()
    assert (data["size"], len(data["leaves"]), data["next"]) == (3, 3, None)
    assert Client().get("/transparency/proof?index=1&size=5").status_code == 404


def test_leaves_and_heads_come_in_pages(entry, at) -> None:
    for minute in range(3):
        decide(entry, at, 2)
        sign_head(actor="test", at=at + timedelta(minutes=minute))
    first = Client().get("/transparency/leaves?limit=4").json()
    rest = Client().get(f"/transparency/leaves?from={first['next']}").json()
    assert [x["index"] for x in first["leaves"] + rest["leaves"]] == list(range(6))
    heads = Client().get("/transparency/heads?limit=2").json()
    more = Client().get(f"/transparency/heads?from={heads['next']}").json()
    assert [h["size"] for h in heads["heads"] + more["heads"]] == [2, 4, 6]


def test_questions_that_make_no_sense_are_refused_in_a_sentence(entry, at) -> None:
    assert Client().get("/transparency/head").status_code == 404
    decide(entry, at, 3)
    sign_head(actor="test", at=at)
    for address, status in (
        ("proof?index=x&size=3", 400), ("proof?index=3&size=3", 400), ("proof?size=3", 400),
        ("consistency?first=0&second=3", 400), ("consistency?first=1&second=4", 404),
        ("leaves?from=-1", 400),
    ):  # fmt: skip
        answer = Client().get(f"/transparency/{address}")
        assert answer.status_code == status, address
        assert answer.json()["problem"]
    assert Client().post("/transparency/head").status_code == 405


def test_the_key_is_made_once_and_only_its_owner_reads_it(key_file: Path) -> None:
    key = signing.public_key()
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert signing.public_key() == key
    assert signatures.verify(b"text", signing.sign(b"text"), key)
    assert not signatures.verify(b"other", signing.sign(b"text"), key)
    assert [p.name for p in key_file.parent.iterdir()] == ["signing.key"]


@pytest.mark.parametrize("damage", ["", "00", "zz" * 32, "a" * 62, "\xff"])
def test_a_damaged_key_is_never_replaced(key_file: Path, damage: str) -> None:
    signing.public_key()
    key_file.write_text(damage, "latin-1")
    with pytest.raises(signing.BadKey, match="restore it from a backup"):
        signing.sign(b"text")
    assert key_file.read_text("latin-1") == damage


def test_a_key_that_others_can_read_signs_nothing(key_file: Path) -> None:
    signing.public_key()
    key_file.chmod(0o640)
    with pytest.raises(signing.BadKey, match="0600"):
        signing.sign(b"text")


def test_without_its_key_the_log_says_so_and_nothing_else(key_file: Path, db: None) -> None:
    signing.public_key()
    key_file.write_text("gone")
    answer = Client().get("/transparency/key")
    assert answer.status_code == 503
    assert str(key_file) not in answer.content.decode()


@given(st.text(), st.text(), st.binary(min_size=32, max_size=32))
def test_a_commitment_binds_its_decision(one: str, other: str, nonce: bytes) -> None:
    both = [leaves.canonical({"name": text}) for text in (one, other)]
    same = leaves.commitment(nonce, both[0]) == leaves.commitment(nonce, both[1])
    assert same == (one == other)
    assert json.loads(both[0]) == {"name": one}


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        leaves.commitment(b"short", "{}")


@pytest.mark.parametrize(
    "data",
    [[], {}, {"size": 1, "root": "00", "at": "2026-01-01T00:00:00Z", "signature": ""},
     {"size": -1, "root": "00" * 32, "at": "2026-01-01T00:00:00Z", "signature": "00" * 64},
     {"size": True, "root": "00" * 32, "at": "2026-01-01T00:00:00Z", "signature": "00" * 64},
     {"size": 1, "root": "00" * 32, "at": "yesterday", "signature": "00" * 64},
     {"size": 1, "root": 5, "at": "2026-01-01T00:00:00Z", "signature": "00" * 64}],
)  # fmt: skip
def test_what_is_no_head_is_refused(data: object) -> None:
    with pytest.raises(leaves.BadHead):
        leaves.read_head(data)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer anyway")
def test_two_writers_at_once_leave_no_gap(entry, at) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(_: int) -> None:
        try:
            decide(entry, at, 5)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    assert list(LogLeaf.objects.order_by("index").values_list("index", flat=True)) == list(
        range(40)
    )
    assert log.root_at(40) == merkle.root_of(merkle.leaf_hash(c) for _, c in log.leaves(0, 40))
