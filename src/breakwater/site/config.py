"""What an installation sets, read from the environment once at start.

Unknown `BREAKWATER_*` names and values that make no sense stop the start with a
sentence, because a misspelt setting that is silently ignored is a hole.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

NAMES = {
    "BREAKWATER_DATA_DIR",
    "BREAKWATER_SECRET_KEY",
    "BREAKWATER_SECRET_KEY_FILE",
    "BREAKWATER_DEBUG",
    "BREAKWATER_DEMO",
    "BREAKWATER_HOSTS",
    "BREAKWATER_HTTPS",
    "BREAKWATER_COUNTRY",
    "BREAKWATER_LANGUAGE",
    "BREAKWATER_TIME_ZONE",
    "BREAKWATER_IP_OVERLAY",
    "BREAKWATER_TRUSTED_PROXIES",
}
SECRET = "secret_key"  # the file's name in the data folder  # noqa: S105
LANGUAGES = ("en", "es", "fr", "nl")


class ConfigError(Exception):
    """A setting is unknown or its value makes no sense."""


@dataclass(frozen=True, slots=True)
class Config:
    data_dir: Path
    secret_key: str  # "" until the first use makes it: what needs no database leaves none behind
    debug: bool
    demo: bool  # shows the banner and uses the demo overlay of the country database
    hosts: list[str]
    https: bool
    country: str  # ISO 3166-1 alpha-2 of the desk
    language: str
    time_zone: str
    ip_overlay: str  # path of a TOML overlay, "demo", or ""
    trusted_proxies: int  # how many proxies in front of the server set X-Forwarded-For
    database_url: str


def _yes_no(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text in ("", "1", "yes", "true", "on", "0", "no", "false", "off"):
        return default if text == "" else text in ("1", "yes", "true", "on")
    raise ConfigError(f"{name} is «{text}»; say yes or no")


def _secret(env: Mapping[str, str], name: str, data_dir: Path) -> str:
    """Take the secret from the variable, or from its file; "" if one has to be made."""
    if env.get(name):
        return env[name]
    path = Path(env.get(f"{name}_FILE") or data_dir / SECRET)
    try:
        return path.read_text().strip()
    except OSError as problem:
        if env.get(f"{name}_FILE"):
            raise ConfigError(f"{name}_FILE names {path}: {problem.strerror}") from problem
        return ""


def made_secret(data_dir: Path) -> str:
    """Make the secret and keep it. Of several processes that do so at once all get the first one.

    Raises:
        OSError: it cannot be kept, or somebody else's is there.
    """
    path = data_dir / SECRET
    draft = path.with_name(f".{SECRET}.{secrets.token_hex(4)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text().strip()


def read(env: Mapping[str, str]) -> Config:
    """Read the settings.

    Raises:
        ConfigError: with the name of the setting and what to do.
    """
    unknown = sorted(n for n in env if n.startswith("BREAKWATER_") and n not in NAMES)
    if unknown:
        raise ConfigError(
            f"unknown setting {', '.join(unknown)}; known: {', '.join(sorted(NAMES))}"
        )
    data_dir = Path(env.get("BREAKWATER_DATA_DIR") or "var").resolve()
    country = env.get("BREAKWATER_COUNTRY", "JM").upper()
    if len(country) != 2 or not country.isalpha():
        raise ConfigError(f"BREAKWATER_COUNTRY is «{country}»; use two letters, such as JM")
    language = env.get("BREAKWATER_LANGUAGE", "en")
    if language not in LANGUAGES:
        raise ConfigError(f"BREAKWATER_LANGUAGE is «{language}»; use one of {', '.join(LANGUAGES)}")
    time_zone = env.get("BREAKWATER_TIME_ZONE", "America/Jamaica")
    if time_zone not in available_timezones():
        raise ConfigError(
            f"BREAKWATER_TIME_ZONE is «{time_zone}»; use a name such as America/Curacao"
        )
    ZoneInfo(time_zone)
    demo = _yes_no(env, "BREAKWATER_DEMO", False)
    proxies = env.get("BREAKWATER_TRUSTED_PROXIES", "0")
    if not proxies.isdigit():
        raise ConfigError(f"BREAKWATER_TRUSTED_PROXIES is «{proxies}»; use a whole number")
    return Config(
        data_dir=data_dir,
        secret_key=_secret(env, "BREAKWATER_SECRET_KEY", data_dir),
        debug=_yes_no(env, "BREAKWATER_DEBUG", False),
        demo=demo,
        hosts=[
            h.strip() for h in env.get("BREAKWATER_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
        ],
        https=_yes_no(env, "BREAKWATER_HTTPS", False),
        country=country,
        language=language,
        time_zone=time_zone,
        ip_overlay=env.get("BREAKWATER_IP_OVERLAY", "demo" if demo else ""),
        trusted_proxies=int(proxies),
        database_url=env.get("DATABASE_URL", ""),
    )
