"""A change of a list tells every name that begins or ceases to stand between two listed ones."""

import random

import pytest

from breakwater.formats.block_list.nesting import between
from breakwater.worstof.models import ZoneName
from breakwater.worstof.queries.between import Around, of_all

pytestmark = pytest.mark.django_db


def keep(names: dict[str, bool]) -> None:
    ZoneName.objects.all().delete()
    ZoneName.objects.bulk_create(
        ZoneName(name=name, is_national=is_national, serial=1)
        for name, is_national in names.items()
    )


def in_scope(names: dict[str, bool], is_international: bool) -> set[str]:
    return {n for n, is_national in names.items() if not (is_international and is_national)}


def any_list(chance: random.Random) -> dict[str, bool]:
    names = {}
    for _ in range(chance.randrange(8)):
        labels = [chance.choice("ab") for _ in range(chance.randrange(1, 5))]
        names[".".join([*labels, "example"])] = chance.random() < 0.3
    return names


@pytest.mark.parametrize("is_international", [True, False])
def test_what_stood_between_before_becomes_what_stands_between_now(is_international: bool) -> None:
    chance = random.Random(7)  # noqa: S311 – no secret
    for _ in range(150):
        before, after = any_list(chance), any_list(chance)
        after |= {name: scope for name, scope in before.items() if chance.random() < 0.7}
        names = {n for n in before | after if before.get(n) != after.get(n)}
        keep(after)
        around = Around(names)
        held = between(in_scope(before, is_international))
        listed = in_scope(after, is_international)
        touched = around.touched | names
        found = around.after(is_international=is_international)
        now = (held - touched) | found.between
        assert now == between(listed) == of_all(is_international=is_international)
        assert found == (touched & listed, between(listed) & touched)


def test_a_change_below_a_host_with_many_names_touches_those_above_it_alone() -> None:
    keep({"host.example": False} | {f"x.customer-{n}.host.example": False for n in range(300)})
    assert Around(["x.customer-7.host.example"]).touched == {"customer-7.host.example"}
    assert len(Around(["host.example"]).touched) == 300


def test_a_name_of_two_labels_touches_nothing_else() -> None:
    keep({"bad.example": False, "other.example": False, "x.co.uk": False})
    assert Around(["bad.example", "gone.example", "x.co.uk"]).touched == set()
