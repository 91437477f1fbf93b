"""Two officers of two countries list a domain in a browser, and the four resolvers block it.

Everything is real: the web server, the hidden primary, the resolvers with the docs' snippets, and
Chromium.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.resolvers import (
    FOUR,
    NEEDED,
    Desk,
    Resolvers,
    program,
    start_all,
    wait_for,
)
from tests.integration.desk_pages import PASSWORD, add_person, web_server
from tests.integration.own_database import own_database

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [name for name in NEEDED if program(name) is None]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        (bool(MISSING) or CHROMIUM is None) and not os.environ.get("CI"),
        reason=f"not installed: {MISSING}, chromium: {CHROMIUM}",
    ),
]


def signed_in(browser: Browser, address: str, name: str) -> Page:
    page = browser.new_context(timezone_id="UTC").new_page()
    page.goto(f"{address}/sign-in/")
    page.fill('input[name="username"]', name)
    page.fill('input[name="password"]', PASSWORD)
    page.press('input[name="password"]', "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


def sight() -> str:
    """A moment as a page takes it; one that is months old is refused."""
    return (datetime.now(UTC) - timedelta(hours=26)).strftime("%Y-%m-%dT%H:%M")


def nominate(page: Page, address: str, name: str) -> str:
    """Put a domain forward; gives the address of its page."""
    page.goto(f"{address}/worst-of/nominate/")
    page.fill('[name="name"]', f"https://WWW.{name}/some/page?x=1")
    page.fill('[name="evidence"]', "JM-2026-17")
    page.fill('[name="seen"]', "Synthetic: what a test would have seen")
    page.fill('[name="seen_at"]', sight())
    page.click("main form button.btn-primary")
    page.wait_for_url("**/worst-of/entries/*/")
    return page.url


def verify(page: Page, entry: str) -> None:
    page.goto(entry)
    for criterion in ("real", "under_13", "severe", "online"):
        page.check(f'[name="{criterion}"][value="yes"]')
    page.fill('[name="seen_online_at"]', sight())
    page.check('[name="confidence"][value="high"]')
    page.click('form[action$="/assess/"] button.btn-primary')


def everywhere(resolvers: Resolvers, name: str, *, blocked: bool) -> None:
    """Ask all for the name that was put forward, with its `www.`, and for the one without."""
    for resolver in FOUR:
        look = resolvers.blocks if blocked else resolvers.resolves
        for host in (f"www.{name}", name):
            wait_for(lambda look=look, resolver=resolver, host=host: look(resolver, host), 15)


@pytest.fixture
def database() -> Iterator[str]:
    with own_database() as url:
        yield url


def test_a_domain_that_two_countries_verified_is_blocked_until_it_is_removed(
    tmp_path: Path, database: str
) -> None:
    assert not MISSING, f"install {MISSING}"
    assert CHROMIUM, "install chromium"
    desk, resolvers = Desk(tmp_path / "desk", database), Resolvers(tmp_path)
    desk.run("migrate")
    desk.decide("first.example")
    add_person(desk, "officer", "officer", "JM")
    add_person(desk, "abroad", "assessor", "CW")
    try:
        start_all(tmp_path, desk, resolvers)
        with web_server(desk) as address, sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
            )
            everywhere(resolvers, "first.example", blocked=True)
            everywhere(resolvers, "twice-verified.example", blocked=False)
            here, abroad = (signed_in(browser, address, name) for name in ("officer", "abroad"))
            entry = nominate(here, address, "twice-verified.example")
            verify(here, entry)
            # One that is listed later tells when the resolvers have all that was decided before.
            later = nominate(here, address, "listed-later.example")
            verify(here, later)
            verify(abroad, later)
            everywhere(resolvers, "listed-later.example", blocked=True)
            everywhere(resolvers, "twice-verified.example", blocked=False)
            verify(abroad, entry)
            everywhere(resolvers, "twice-verified.example", blocked=True)
            here.goto(entry)
            here.click("details:has(#reason-remove) > summary")
            here.fill("#reason-remove", "The material is gone, seen today")
            here.click('form[action$="/remove/"] button')
            everywhere(resolvers, "twice-verified.example", blocked=False)
            browser.close()
    finally:
        resolvers.stop()
        desk.stop()
