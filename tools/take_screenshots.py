"""Takes the screenshots of docs/screenshots from a running demo.

breakwater demo            # in another terminal
python tools/take_screenshots.py http://127.0.0.1:8000
"""

import hashlib
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

OUT = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


def sign_in(page: Page, base: str, name: str) -> None:
    page.goto(f"{base}/sign-in/")
    page.fill('input[name="username"]', name)
    page.fill('input[name="password"]', "correct horse battery")
    page.locator('main button[type="submit"], main form button').first.click()
    page.wait_for_load_state()


def pages(page: Page, base: str) -> dict[str, str]:
    page.goto(f"{base}/queue/")
    bundle = page.locator("a.row-link").first.get_attribute("href") or "/queue/"
    page.goto(base + bundle)
    report = page.locator('a[href^="/reports/"]').first.get_attribute("href") or "/queue/"
    page.goto(f"{base}/worst-of/?view=discussion")
    domain = page.locator("a.row-link").first.get_attribute("href") or "/worst-of/"
    page.goto(f"{base}/worst-of/appeals/")
    appeal = page.locator("a.row-link").first.get_attribute("href") or "/worst-of/appeals/"
    return {
        "board": "/worst-of/",
        "domain": domain,
        "domain-keys": domain,
        "nominate": "/worst-of/nominate/",
        "stop-page": "/stop/",
        "appeal": "/appeal/",
        "transparency": "/transparency/",
        "transparency-report": "/transparency/report/",
        "appeals": "/worst-of/appeals/",
        "appeal-to-decide": appeal,
        "held": "/worst-of/held/",
        "blocking": "/blocking/",
        "queue": "/queue/",
        "bundle": bundle,
        "report": report,
        "figures": "/figures/",
        "country": "/figures/countries/JM/",
        "region": "/figures/regions/caribbean/",
        "import": "/import/",
        "hash-lists": "/hash-lists/",
        "lookup": "/hash-lists/look-up/",
        "queue-matched": "/queue/?view=matched",
    }


def of_supervisor(page: Page, base: str) -> dict[str, str]:
    page.goto(f"{base}/worst-of/recipients/")
    links = page.locator('main table a[href^="/worst-of/recipients/"]')
    recipient = links.nth(1).get_attribute("href") or "/worst-of/recipients/"
    return {
        "hash-list": "/hash-lists/1/",
        "hash-list-columns": "/hash-lists/1/import/",
        "hash-list-faults": "/hash-lists/imports/1/",
        "hash-entry": contradicted(page, base),
        "rules": "/worst-of/rules/",
        "recipients": "/worst-of/recipients/",
        "recipient": recipient,
        "trace": "/worst-of/recipients/trace/",
    }


def contradicted(page: Page, base: str) -> str:
    """An entry that another list contradicts."""
    look_up(page, base)
    links = page.locator("#lookup-result table:has(tr:nth-child(2) td) a[href*='/entries/']")
    return links.first.get_attribute("href") or "/hash-lists/2/"


PEOPLE = {"officer": pages, "supervisor": of_supervisor}


def look_up(page: Page, base: str) -> None:
    """Ask for the hashes of the list that others contradict, and for two that nobody knows."""
    page.goto(f"{base}/hash-lists/2/")
    codes = page.locator(".kind-hash code").evaluate_all("found => found.map(x => x.title)")
    page.goto(f"{base}/hash-lists/look-up/")
    page.fill("#id_hashes", "\n".join([*codes[:10], "0" * 32, "ab" * 20]))
    page.click("#lookup-form button[type=submit]")
    page.wait_for_selector("#lookup-result h2")


def preview(page: Page, base: str) -> None:
    """Hand in a table whose columns somebody has to choose; it is thrown away afterwards."""
    lines = ["which,Category,Case"]
    for n in range(1, 9):
        lines.append(f"{hashlib.sha256(bytes([n])).hexdigest()},{'A1' if n % 3 else 'B2'},T-{n}")
    file = {"name": "unit.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.set_input_files("#list-file", file)  # type: ignore[arg-type]
    page.click("#list-form button[type=submit]")
    page.wait_for_url("**/columns/")


def show_keys(page: Page, base: str) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("#key-sheet[open]")


BEFORE = {"lookup": look_up, "hash-list-columns": preview, "domain-keys": show_keys}


def main(base: str, only: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for (size, (width, height)), person in product(SIZES.items(), PEOPLE):
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            sign_in(page, base, person)
            for name, path in PEOPLE[person](page, base).items():
                if only and name not in only:
                    continue
                page.goto(base + path)
                if name in BEFORE:
                    BEFORE[name](page, base)
                page.screenshot(path=OUT / f"{name}-{size}.png")
                if name == "hash-list-columns":
                    page.locator('form[action$="/discard/"] button').click()
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2:])
