"""The stop page as files, and the web server's configuration that leads every visitor to them.

A browser comes with the blocked site's name and any path, so addresses in the page are absolute,
below a folder of their own, and whatever else is asked for is the page in the visitor's language.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from breakwater.worstof.stop_page import STYLE, laws_in, page

FOLDER = "breakwater-stop"
# Not even a style from elsewhere: whoever comes here is told to nobody. no-store, so that the page
# does not stay in a browser after the domain has been opened again.
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
)  # fmt: skip


def codes() -> list[str]:
    return [code for code, _ in settings.LANGUAGES]


def files(appeal: str, laws: Callable[[str], list[str] | None] = laws_in) -> dict[str, str]:
    """Every file by its name: the page in each language and its style.

    `appeal` is the full address of the desk's page for appeals.

    Raises:
        django.db.Error: the lists cannot be read, if `laws` raises it.
    """
    found = finders.find(STYLE)
    if not isinstance(found, str):
        raise FileNotFoundError(STYLE)
    others = {code: f"/{FOLDER}/{code}.html" for code in codes()}
    style = f"/{FOLDER}/stop.css"
    texts = {
        f"{code}.html": page(code, style=style, appeal=appeal, others=others, laws=laws(code))
        for code in codes()
    }
    return texts | {"stop.css": Path(found).read_text("utf-8")}


def write_bundle(folder: Path, *, appeal: str) -> list[Path]:
    """Write the page in every language, its style, and nginx.conf, for a provider's own server.

    Raises:
        django.db.Error: the lists cannot be read.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    texts = {f"{FOLDER}/{name}": text for name, text in files(appeal).items()}
    texts["nginx.conf"] = nginx(folder.resolve())
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in texts]


def nginx(folder: Path, listen: tuple[str, ...] = ("80", "[::]:80")) -> str:
    """What nginx 1.18 or newer includes in its http block."""
    first = settings.LANGUAGE_CODE
    doors = "".join(f"    listen {door} default_server;\n" for door in listen)
    headers = "".join(f'    add_header {name} "{value}" always;\n' for name, value in HEADERS)
    page_in = f"/{FOLDER}/$breakwater_language.html"
    return f"""# The stop page, for every name and every path that is led here.
# nginx: link it as /etc/nginx/conf.d/breakwater-stop.conf and remove sites-enabled/default.
map $http_accept_language $breakwater_language {{
    default {first};
    "~*^(?:.*?[,\\s])??(?<breakwater_first>{"|".join(codes())})(?![a-z0-9])" $breakwater_first;
}}
server {{
{doors}    server_name _;
    root {folder};
    # Visitors are told that nobody is logged; the error log would name them and what they asked for.
    access_log off;
    error_log /dev/null;
    server_tokens off;
    charset utf-8;
    etag off;
    if_modified_since off;
    large_client_header_buffers 4 32k;
{headers}    location / {{ try_files {page_in} /{FOLDER}/{first}.html =404; }}
    location /{FOLDER}/ {{ try_files $uri {page_in} /{FOLDER}/{first}.html =404; }}
    # A name that is none, a path that is too long, a form that is sent: the same page.
    error_page 400 403 405 413 414 431 494 =200 {page_in};
}}
"""
