"""Whatever somebody types where an address or a form has a number, no page breaks."""

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from breakwater.people.models import User

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]

# NUL cannot stand in a text of PostgreSQL; it is no part of a number either.
TYPED = st.text(max_size=40) | st.integers().map(str) | st.text("0123456789²٣-", max_size=25)
some = settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(
    ("who", "path", "name"),
    [
        ("supervisor", "/worst-of/", "page"),
        ("supervisor", "/worst-of/", "list"),
        ("supervisor", "/worst-of/appeals/", "page"),
        ("supervisor", "/queue/", "page"),
        ("supervisor", "/queue/", "provider"),
        ("auditor", "/log/", "below"),
    ],
)
@some
@given(typed=TYPED)
@example(typed="²")
@example(typed="٣")
@example(typed="9" * 5000)
@example(typed=str(2**63 - 1))
@example(typed=str(2**63))
def test_an_address_with_whatever_in_the_place_of_a_number_shows_its_page(
    who: str,
    path: str,
    name: str,
    typed: str,
    request: pytest.FixtureRequest,
    client_for: ClientFor,
) -> None:
    answer = client_for(request.getfixturevalue(who)).get(path, {name: typed})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/transparency/heads", ["from", "limit"]),
        ("/transparency/leaves", ["from", "limit"]),
        ("/transparency/consistency", ["first", "second"]),
        ("/transparency/proof", ["index", "size"]),
    ],
)
@some
@given(typed=TYPED)
@example(typed="9" * 5000)
@example(typed=str(2**63 - 1))
def test_the_public_log_answers_or_refuses_whatever_is_asked(
    path: str, names: list[str], typed: str, client: Client
) -> None:
    asked = [{name: typed} for name in names] + [dict.fromkeys(names, typed)]
    for query in asked:
        assert client.get(path, query).status_code < 500


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/queue/preview/", {"verb": "archived"}),
        ("/queue/decide/assigned/", {}),
        ("/work/retry/", {}),
    ],
)
@some
@given(typed=TYPED)
@example(typed="²")
@example(typed="9" * 5000)
@example(typed=str(2**63))
def test_a_form_with_whatever_in_the_place_of_a_number_is_answered(
    path: str, said: dict[str, str], typed: str, supervisor: User, client_for: ClientFor
) -> None:
    form = {**said, "bundle": [typed], "report": [typed], "to": typed, "original": typed}
    assert client_for(supervisor).post(path, form).status_code < 500


@some
@given(typed=TYPED)
@example(typed="²")
@example(typed="9" * 5000)
@example(typed=str(2**63))
def test_a_bundle_of_whatever_number_is_looked_for(
    typed: str, supervisor: User, client_for: ClientFor
) -> None:
    asked = client_for(supervisor).get("/queue/", {"q": f"B-{typed}"})
    assert asked.status_code == 200
