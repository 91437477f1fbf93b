"""No sender uses up what is meant for all, and nothing that is kept tells who sent."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.fairness import Fairness, Limits, networks

LIMITS = Limits(narrow=3, wide=6, everybody=20, window=3600)


def let_through(fair: Fairness, *addresses: str, now: float = 5.0) -> list[bool]:
    return [fair.let_through(address, now) for address in addresses]


def test_one_address_has_its_share_and_another_still_has_its_own() -> None:
    fair = Fairness(LIMITS)
    assert let_through(fair, *["192.0.2.1"] * 5) == [True] * 3 + [False] * 2
    assert let_through(fair, "198.51.100.1") == [True]


def test_a_network_with_many_addresses_has_one_share() -> None:
    fair = Fairness(LIMITS)
    assert sum(let_through(fair, *[f"192.0.2.{n}" for n in range(100)])) == 6
    assert sum(let_through(fair, *[f"2001:db8:0:1::{n:x}" for n in range(100)])) == 3
    assert sum(let_through(fair, *[f"2001:db8:0:{n:x}::1" for n in range(2, 100)])) == 3
    assert let_through(fair, "2001:db8:1::1") == [True]


def test_all_together_have_a_share_and_a_new_hour_begins_anew() -> None:
    fair = Fairness(LIMITS)
    many = [f"2001:db8:{n:x}::1" for n in range(30)]
    assert let_through(fair, *many) == [True] * 20 + [False] * 10
    assert let_through(fair, *many[:3], now=3604.0) == [False] * 3
    assert let_through(fair, *many[:3], now=3605.0) == [True] * 3


def test_what_is_kept_holds_no_address_and_cannot_be_compared_with_the_next_hour() -> None:
    fair, other = Fairness(LIMITS), Fairness(LIMITS)
    for one in (fair, other):
        let_through(one, "192.0.2.1")
    kept = set(fair._counts)
    assert kept.isdisjoint(other._counts)
    assert "192.0.2" not in repr(vars(fair))
    assert ipaddress.ip_address("192.0.2.1").packed not in b"".join(kept)
    let_through(fair, "192.0.2.1", now=9000.0)
    assert kept.isdisjoint(fair._counts)


def test_whoever_sends_a_great_deal_fills_no_memory() -> None:
    fair = Fairness(LIMITS)
    let_through(fair, *[f"2001:db8:{n:x}::1" for n in range(5000)])
    assert len(fair._counts) <= 2 * LIMITS.everybody


@given(st.text(max_size=40))
def test_any_text_belongs_to_two_networks(text: str) -> None:
    assert len(networks(text)) == 2


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_connection_cannot_leave_its_network(address: ipaddress.IPv6Address, other: int) -> None:
    moved = ipaddress.IPv6Address(int(address) >> 64 << 64 | other)
    mapped = {address.ipv4_mapped, moved.ipv4_mapped} != {None}
    assert mapped or networks(str(moved)) == networks(str(address))


def test_an_ipv4_address_is_the_same_written_as_ipv6() -> None:
    assert networks("::ffff:192.0.2.1") == networks("192.0.2.1")
