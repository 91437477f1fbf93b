"""Countries are known offline."""

import pytest

from breakwater import countries


def test_codes_turn_into_each_other():
    assert countries.iso2("JAM") == "JM"
    assert countries.iso3("JM") == "JAM"
    assert countries.iso2("") == "" == countries.iso3("ZZ")


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Netherlands"), ("es", "Países Bajos"), ("fr", "Pays-Bas"), ("nl", "Nederland")],
)
def test_names_come_in_the_readers_language(language, name):
    assert countries.name("NL", language) == name


def test_the_address_source_says_its_date():
    assert countries.database_date().year >= 2026


def test_an_overlay_places_documentation_addresses(tmp_path):
    overlay = tmp_path / "o.toml"
    overlay.write_text('[networks]\n"192.0.2.0/24" = "JM"\n"2001:db8:1::/48" = "TT"\n')
    assert countries.of_ip("192.0.2.9", str(overlay)) == "JM"
    assert countries.of_ip("2001:db8:1::5", str(overlay)) == "TT"
    assert countries.of_ip("192.0.2.9") == ""


def test_what_is_no_address_is_nowhere():
    assert countries.of_ip("over there") == ""


@pytest.mark.parametrize(
    ("number", "country"),
    [("+18765550123", "JM"), ("+442079460000", "GB"), ("+31201234567", "NL"), ("x", "")],
)
def test_a_phone_number_tells_its_country(number, country):
    assert countries.of_phone(number) == country


def test_a_number_without_a_code_needs_a_home():
    assert countries.e164("555 0123") == ""
    assert countries.e164("(876) 555-0123", home="JM") == "+18765550123"
