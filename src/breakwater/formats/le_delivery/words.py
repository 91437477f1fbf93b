"""Translates the words of police-side files into the desk's codes.

The left-hand sides are quoted foreign values, retired terms included; they are
compared without regard to case and punctuation.
"""

import functools
import re
import unicodedata

import babel
import pycountry

_TYPES = {
    "child pornography": "csam",
    "child pornography possession manufacture and distribution": "csam",
    "apparent child pornography": "csam",
    "apparent child pornography unconfirmed": "csam",
    "child sexual abuse material": "csam",
    "child sexual abuse material possession manufacture and distribution": "csam",
    "apparent child sexual abuse material": "csam",
    "csam": "csam",
    "csam possession manufacture and distribution": "csam",
    "child sex trafficking": "trafficking",
    "child prostitution": "trafficking",
    "child sex tourism": "travel",
    "child sexual molestation": "molestation",
    "child sexual abuse": "molestation",
    "misleading domain name": "misleading_domain",
    "misleading words or digital images on the internet": "misleading_words",
    "misleading words or images": "misleading_words",
    "online enticement of children for sexual acts": "enticement",
    "online enticement": "enticement",
    "unsolicited obscene material sent to a child": "obscene_to_child",
}
_TAGS = {
    "anime drawing virtual hentai": "drawn",
    "drawn": "drawn",
    "anime": "drawn",
    "drawing": "drawn",
    "hentai": "drawn",
    "animedrawingvirtualhentai": "drawn",
    "potential meme": "potential_meme",
    "potentialmeme": "potential_meme",
    "meme": "potential_meme",
    "viral": "viral",
    "self production": "self_production",
    "self produced": "self_production",
    "possible self production": "self_production",
    "possibleselfproduction": "self_production",
    "physical harm": "physical_harm",
    "physicalharm": "physical_harm",
    "violence gore": "violence",
    "violencegore": "violence",
    "violence": "violence",
    "gore": "violence",
    "bestiality": "bestiality",
    "live streaming": "live_streaming",
    "livestreaming": "live_streaming",
    "live stream": "live_streaming",
    "infant": "infant",
    "infant toddler": "infant",
    "toddler": "infant",
    "generative ai": "generative_ai",
    "generativeai": "generative_ai",
    "ai generated": "generative_ai",
    "gai": "generative_ai",
}
_REPORT_TAGS = {
    "sextortion": "sextortion",
    "csamsolicitation": "csam_solicitation",
    "csam solicitation": "csam_solicitation",
    "minortominorinteraction": "minor_to_minor",
    "minor to minor interaction": "minor_to_minor",
    "spam": "spam",
    "sadisticonlineexploitation": "sadistic",
    "sadistic online exploitation": "sadistic",
}
_SEXES = {
    **dict.fromkeys(("f", "female", "girl", "woman", "femenino", "mujer"), "female"),
    **dict.fromkeys(("m", "male", "boy", "man", "masculino", "hombre"), "male"),
    **dict.fromkeys(("o", "x", "other", "non binary", "nonbinary", "transgender"), "other"),
}
EVENTS = frozenset({"login", "registration", "purchase", "upload", "other", "unknown"})
_EVENT_PARTS = (
    ("upload", "upload"),
    ("login", "login"),
    ("log in", "login"),
    ("sign in", "login"),
    ("regist", "registration"),
    ("sign up", "registration"),
    ("creat", "registration"),
    ("purchase", "purchase"),
    ("payment", "purchase"),
)
_COUNTRIES = {
    "burma": "MM",
    "bahrein": "BH",
    "rumania": "RO",
    "ivory coast": "CI",
    "russia": "RU",
    "south korea": "KR",
    "republic of korea": "KR",
    "korea": "KR",
    "north korea": "KP",
    "laos": "LA",
    "vietnam": "VN",
    "viet nam": "VN",
    "iran": "IR",
    "syria": "SY",
    "tanzania": "TZ",
    "moldova": "MD",
    "bolivia": "BO",
    "venezuela": "VE",
    "brunei": "BN",
    "macedonia": "MK",
    "czech republic": "CZ",
    "swaziland": "SZ",
    "cape verde": "CV",
    "east timor": "TL",
    "turkey": "TR",
    "kosovo": "XK",
    "palestine": "PS",
    "vatican": "VA",
    "macau": "MO",
    "usa": "US",
    "us": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "uae": "AE",
    "holland": "NL",
    "the netherlands": "NL",
    "the bahamas": "BS",
    "the gambia": "GM",
    "congo": "CG",
    "democratic republic of the congo": "CD",
    "us virgin islands": "VI",
    "british virgin islands": "VG",
    "virgin islands us": "VI",
    "virgin islands british": "VG",
    "st lucia": "LC",
    "st kitts and nevis": "KN",
    "st vincent and the grenadines": "VC",
    "st martin": "MF",
    "st maarten": "SX",
    "sint maarten": "SX",
    "saint martin": "MF",
    "st barthelemy": "BL",
    "bonaire": "BQ",
    "caribbean netherlands": "BQ",
    "netherlands antilles": "AN",
    "anonymous proxy": "A1",
    "satellite provider": "A2",
    "other country": "O1",
    "asia pacific region": "AP",
    "europe": "EU",
    "european union": "EU",
    "metropolitan france": "FX",
}
PSEUDO_COUNTRIES = frozenset({"A1", "A2", "O1", "AP", "EU", "AN", "FX", "XK"})


@functools.lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Bring words to lower case without accents and punctuation, one blank between them."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare.replace("_", " ").replace("'", "")))


def incident_type(text: str) -> str:
    return _TYPES.get(plain(text), "")


def file_annotation(text: str) -> str:
    return _TAGS.get(plain(text), "")


def report_annotation(text: str) -> str:
    return _REPORT_TAGS.get(plain(text), "")


def sex(text: str) -> str:
    return _SEXES.get(plain(text), "")


@functools.lru_cache(maxsize=1024)
def event(text: str) -> tuple[str, bool]:
    """Name an event; the second value is False where a word was only taken for `other`."""
    word = plain(text)
    if not word or word in EVENTS:
        return word, True
    for part, name in _EVENT_PARTS:
        if part in word:
            return name, True
    return "other", False


@functools.cache
def _country_names() -> dict[str, str]:
    found: dict[str, str] = {}
    for country in pycountry.countries:
        for name in ("name", "official_name", "common_name", "alpha_3"):
            if getattr(country, name, ""):
                found[plain(getattr(country, name))] = country.alpha_2
    for code, name in babel.Locale("en").territories.items():
        if len(code) == 2 and pycountry.countries.get(alpha_2=code):
            found.setdefault(plain(str(name)), code)
            found.setdefault(plain(str(name).replace("St.", "Saint")), code)
    return found | _COUNTRIES


@functools.lru_cache(maxsize=4096)
def country(text: str) -> str:
    """Give alpha-2 for a country's code or English name, "" if it is neither."""
    code = text.strip().upper()
    if code in PSEUDO_COUNTRIES:
        return code
    if len(code) == 2 and code.isalpha() and pycountry.countries.get(alpha_2=code):
        return code
    words = plain(text)
    return _country_names().get(words) or _country_names().get(words.replace("saint", "st"), "")
