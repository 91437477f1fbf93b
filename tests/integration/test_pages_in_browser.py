"""Every page in a real Chromium: at two widths and in both themes, checked with axe, no foreign host.

The server is the real one with a small synthetic desk; nothing is mocked.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.resolvers import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="chromium is not installed"
    ),
]
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
PAGES = {
    "officer": (
        "/queue/", "/queue/?view=all", "/queue/?q=nobody-at-all", "BUNDLE", "REPORT", "/import/",
        "/hash-lists/", "/hash-lists/1/", "/hash-lists/look-up/", "LOOKUP", "ENTRY",
        "/figures/", "/figures/countries/JM/", "/figures/regions/caribbean/", "/figures/compare/",
        "/figures/providers/", "/figures/types/", "/figures/people/", "/figures/quality/",
        "/help/", "/me/", "/api/", "/no-such-page/",
        "/worst-of/", "/worst-of/?view=all&guarded=on&appealed=on&list=1", "/worst-of/nominate/", "/worst-of/import/",
        "NOMINATE", "DOMAIN nominated", "DOMAIN discussion", "DOMAIN guarded", "DOMAIN due",
        "DOMAIN listed", "DOMAIN over", "/worst-of/appeals/", "/worst-of/held/",
        "/blocking/", "/appeal/", "/stop/", "/transparency/",
        "/worst-of/appeals/?view=decided", "APPEAL", "/transparency/report/",
    ),
    "supervisor": (
        "BUNDLE", "/work/", "/hash-lists/1/", "/hash-lists/new/", "/hash-lists/1/import/",
        "/hash-lists/1/terms/", "/hash-lists/imports/1/", "COLUMNS",
        "/worst-of/rules/", "/worst-of/rules/new/", "/worst-of/rules/1/", "/worst-of/recipients/",
        "/worst-of/recipients/new/", "/worst-of/recipients/1/", "/worst-of/recipients/trace/",
    ),
    "administrator": ("/people/", "/provider-accounts/", "/work/"),
    "auditor": ("/log/", "/me/"),
    "analyst": ("/blocking/",),
}  # fmt: skip

# Other words are longer: the pages of the Worst Of room, each template once, on a telephone.
WORST_OF = {
    "officer": (
        "/worst-of/", "/worst-of/nominate/", "/worst-of/import/", "DOMAIN discussion", "DOMAIN listed",
        "/worst-of/appeals/", "APPEAL", "/worst-of/held/", "/blocking/", "/appeal/", "/stop/",
        "/transparency/", "/transparency/report/",
    ),
    "supervisor": (
        "/worst-of/rules/1/", "/worst-of/recipients/", "/worst-of/recipients/1/",
        "/worst-of/recipients/trace/",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    """A running desk with 150 synthetic reports, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="breakwater-browser-") as folder:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        environment |= {"BREAKWATER_DATA_DIR": folder, "BREAKWATER_DEMO": "yes"}
        command = [sys.executable, "-m", "breakwater.cli"]
        load = [*command, "demo", "--count", "150", "--no-start"]
        for arguments in (load, [*command, "worstof", "sign-head"]):
            subprocess.run(arguments, env=environment, check=True, capture_output=True)
        with served(environment) as base:
            yield base


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The address of a server that runs in this environment."""
    port = free_port()
    command = [sys.executable, "-m", "breakwater.cli"]
    serve = [*command, "serve", "--port", str(port), "--workers", "1"]
    with (Path(environment["BREAKWATER_DATA_DIR"]) / "server.log").open("wb") as log:
        server = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_for(base)
        yield base
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(base: str) -> None:
    # A server that still loads takes the call and answers late.
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{base}/help/", timeout=5)  # noqa: S310 – our own address
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(base)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


def _signed_in(
    browser: Browser, desk: str, person: str, width: str, theme: str, language: str = "en"
) -> BrowserContext:
    size = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, bypass_csp=False,
        locale=language,
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"{desk}/sign-in/")
    page.fill('input[name="username"]', person)
    page.fill('input[name="password"]', "correct horse battery")
    page.press('input[name="password"]', "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.close()
    return context


def _address(page: Page, desk: str, path: str) -> str:
    if path in ("LOOKUP", "ENTRY", "COLUMNS"):
        return _of_hash_lists(page, desk, path)
    if path == "NOMINATE" or path.startswith("DOMAIN "):
        return _of_worst_of(page, desk, path)
    if path == "APPEAL":
        page.goto(f"{desk}/worst-of/appeals/")
        return desk + str(page.locator("a.row-link").first.get_attribute("href"))
    if path not in ("BUNDLE", "REPORT"):
        return desk + path
    page.goto(f"{desk}/queue/?view=all")
    found = desk + str(page.locator("a.row-link").first.get_attribute("href"))
    if path == "REPORT":
        page.goto(found)
        found = desk + str(page.locator('a[href^="/reports/"]').first.get_attribute("href"))
    return found


def _of_worst_of(page: Page, desk: str, path: str) -> str:
    """The first domain of a view, or the page that puts a report's address forward."""
    if path == "NOMINATE":
        page.goto(_address(page, desk, "REPORT"))
        link = page.locator('a[href*="/worst-of/nominate/"]')
    else:
        page.goto(f"{desk}/worst-of/?view={path.removeprefix('DOMAIN ')}")
        link = page.locator("a.row-link")
    return desk + str(link.first.get_attribute("href"))


def _of_hash_lists(page: Page, desk: str, path: str) -> str:
    if path == "COLUMNS":
        page.goto(f"{desk}/hash-lists/1/import/")
        table = b"which,Category\n" + b"ab" * 32 + b",A1\n"
        file = {"name": "unit.csv", "mimeType": "text/csv", "buffer": table}
        page.set_input_files("#list-file", file)  # type: ignore[arg-type]
        page.click("#list-form button[type=submit]")
        page.wait_for_url("**/columns/")
        return page.url
    page.goto(f"{desk}/hash-lists/2/")  # the list whose files others contradict
    if path == "ENTRY":
        return desk + str(page.locator('a[href*="/entries/"]').first.get_attribute("href"))
    codes = page.locator(".kind-hash code").evaluate_all("found => found.map(x => x.title)")
    page.goto(f"{desk}/hash-lists/look-up/")
    page.fill("#id_hashes", "\n".join([*codes, "0" * 32, "not a hash"]))
    page.click("#lookup-form button[type=submit]")
    page.wait_for_selector("#lookup-result h2")
    return ""  # the answer to a form has no address of its own


def _faults(page: Page) -> list[str]:
    page.evaluate(AXE)
    result = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [f"{v['id']}: {n['html'][:160]}" for v in result["violations"] for n in v["nodes"][:3]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("person", PAGES)
def test_every_page_can_be_used_by_everybody_and_needs_no_other_server(
    browser: Browser, desk: str, person: str, width: str, theme: str
) -> None:
    context = _signed_in(browser, desk, person, width, theme)
    problems = _problems(context.new_page(), desk, PAGES[person], "en")
    context.close()
    assert not problems, json.dumps(problems, indent=1)


@pytest.mark.parametrize("language", ["es", "fr", "nl"])
@pytest.mark.parametrize("person", WORST_OF)
def test_every_page_of_the_worst_of_room_can_be_used_in_each_language(
    browser: Browser, desk: str, person: str, language: str
) -> None:
    context = _signed_in(browser, desk, person, "phone", "light", language)
    problems = _problems(context.new_page(), desk, WORST_OF[person], language)
    context.close()
    assert not problems, json.dumps(problems, indent=1)


def _problems(page: Page, desk: str, paths: Sequence[str], language: str) -> dict[str, list[str]]:
    """What is wrong with each of these pages: on the console, to axe, in width, or in language."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((desk, "data:", "blob:")) else complaints.append(r.url))  # fmt: skip
    problems: dict[str, list[str]] = {}
    for path in paths:
        complaints.clear()
        if address := _address(page, desk, path):
            page.goto(address)
        found = [c for c in complaints if "404" not in c] + _faults(page)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wider > 1:
            found.append(f"the page is {wider} px wider than the screen")
        if (spoken := page.evaluate("document.documentElement.lang")) != language:
            found.append(f"the page says that it speaks {spoken}")
        if found:
            problems[path] = found
    return problems


def test_the_sign_in_page_can_be_used_by_everybody(browser: Browser, desk: str) -> None:
    page = browser.new_page()
    page.goto(f"{desk}/sign-in/")
    assert _faults(page) == []
    page.close()


def test_the_queue_is_worked_with_the_keyboard_alone(browser: Browser, desk: str) -> None:
    context = _signed_in(browser, desk, "officer", "desktop", "light")
    page = context.new_page()
    page.goto(f"{desk}/queue/")
    first = page.locator(".queue-row").first.get_attribute("data-bundle")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("7")
    assert page.locator("#messages .alert").count() == 1
    assert page.locator(f'.queue-row[data-bundle="{first}"]').count() == 0
    with page.expect_navigation():
        page.keyboard.press("u")
    assert page.locator(f'.queue-row[data-bundle="{first}"]').count() == 1
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator("#bulk").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    context.close()


def test_shortcuts_stay_quiet_while_somebody_types(browser: Browser, desk: str) -> None:
    context = _signed_in(browser, desk, "officer", "desktop", "light")
    page = context.new_page()
    page.goto(f"{desk}/queue/")
    page.fill("#q", "")
    page.type("#q", "uxj19?")
    assert page.input_value("#q") == "uxj19?"
    assert page.url.endswith("/queue/")
    context.close()


def _focused(page: Page) -> str:
    """The focused control by its visible words, or the part of the page that has the focus."""
    return str(
        page.evaluate(
            """() => {
              const on = document.activeElement, name = on.getAttribute("aria-labelledby");
              const label = on.id && document.querySelector(`label[for="${on.id}"]`);
              return (name ? document.getElementById(name) : label || on).innerText.trim();
            }"""
        )
    )


def test_a_domain_is_judged_signed_and_removed_with_the_keyboard_alone(
    browser: Browser, desk: str
) -> None:
    context = _signed_in(browser, desk, "officer", "desktop", "light")
    page = context.new_page()
    page.goto(_address(page, desk, "DOMAIN nominated"))
    page.keyboard.press("j")
    assert _focused(page) == "What the authorities say"
    page.keyboard.press("k")
    assert _focused(page) == "What the authorities say"
    address = page.url
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.name") == "real"
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "reason-remove"
    assert page.locator("#reason-remove").is_visible(), "the letter unfolds what it leads to"
    page.keyboard.type("jkr?")
    assert page.input_value("#reason-remove") == "jkr?"
    assert page.url == address, "a letter alone does nothing"
    page.keyboard.press("Escape")
    assert _focused(page).startswith("Remove")
    page.keyboard.press("r")
    page.fill("#reason-remove", "A slip of a test")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "removed" in page.inner_text("#messages").lower()
    context.close()


SHEETS = {
    "/worst-of/": ("officer", "Keys on the board of domains", "domain"),
    "/worst-of/appeals/": ("officer", "Keys among the appeals", "appeal"),
    "APPEAL": ("officer", "Keys on the page of an appeal", "appeal"),
    "DOMAIN due": ("officer", "Keys on the page of a domain", "part of the page"),
    "/worst-of/held/": ("officer", "Keys among the held changes", "held change"),
    "/worst-of/rules/": ("supervisor", "Keys among the lists and their rules", "list"),
    "/worst-of/recipients/": ("supervisor", "Keys among the recipients", "recipient"),
    "/worst-of/recipients/1/": ("supervisor", "Keys on the page of a recipient", "part"),
    "/blocking/": ("analyst", "Keys on the page about blocking", "drawing"),
}  # fmt: skip


@pytest.mark.parametrize("path", SHEETS)
def test_the_help_sheet_names_what_its_page_is_about_and_only_keys_that_work_there(
    browser: Browser, desk: str, path: str
) -> None:
    person, title, subject = SHEETS[path]
    context = _signed_in(browser, desk, person, "desktop", "light")
    page = context.new_page()
    page.goto(_address(page, desk, path))
    page.keyboard.press("?")
    sheet = page.locator("#key-sheet")
    assert sheet.is_visible()
    assert sheet.locator("h2").inner_text() == title
    told = sheet.inner_text()
    assert "bundle" not in told.lower()
    assert subject in told
    assert _faults(page) == []
    letters = [row.get_attribute("data-leads") for row in sheet.locator("[data-leads]:not([hidden])").all()]  # fmt: skip
    on_page = page.locator("[data-focus-key]:not(:disabled)").evaluate_all(
        "found => found.map(x => x.dataset.focusKey)"
    )
    assert sorted(letters) == sorted(set(on_page))
    page.keyboard.press("Escape")
    assert sheet.is_hidden()
    address = page.url
    for letter in letters:
        page.keyboard.press(letter)
        there = f'[data-focus-key="{letter}"], [data-focus-key="{letter}"] *'
        assert page.evaluate("there => document.activeElement.matches(there)", there), letter
        page.evaluate("document.activeElement.blur()")
    assert page.url == address
    context.close()


def test_recipients_are_walked_and_opened_with_the_keyboard(browser: Browser, desk: str) -> None:
    context = _signed_in(browser, desk, "supervisor", "desktop", "light")
    page = context.new_page()
    page.goto(f"{desk}/worst-of/recipients/")
    names = page.locator("a.row-link").all_inner_texts()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert _focused(page) == names[1]
    page.keyboard.press("k")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("#key-sheet").count() == 1
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.form.action.endsWith('/grant/')")
    context.close()
