"""The look-up interface in the words of OpenAPI 3.1; `lookup_api` answers it."""

from typing import Any

from breakwater.hashlists.lookup_api import (
    CALLS_A_MINUTE,
    KINDS,
    MOST_HASHES,
    MOST_PHOTODNA,
    THRESHOLDS,
)

SCHEME = {"recipient": {"type": "http", "scheme": "basic"}}
_TEXT = {"type": "string"}
_LIST = {
    "type": "object",
    "required": ["list", "direction", "mapped_grade"],
    "properties": {
        "list": _TEXT,
        "mapped_grade": _TEXT,
        "source": _TEXT | {"description": "told to authorities"},
        "member": _TEXT | {"description": "told to authorities"},
        "direction": {"enum": ["raise", "lower", "known"]},
        "grade": _TEXT | {"description": "as the source wrote it; told to authorities"},
        "distance": {
            "type": "integer",
            "minimum": 0,
            "description": "told to authorities; of PhotoDNA also to providers, rounded up to "
            "tenths of the threshold",
        },
    },
}
_RESULT = {
    "type": "object",
    "required": ["kind", "value", "known", "lists"],
    "properties": {
        "kind": {"enum": list(KINDS)},
        "value": _TEXT | {"description": "lower-case hexadecimal"},
        "known": {
            "type": "boolean",
            "description": "to an authority: a list names it; to a provider: a list that raises "
            "names it. False says nothing about the file.",
        },
        "threshold": {
            "type": "integer",
            "description": "the largest distance that counts as a match: "
            + ", ".join(f"{limit:,} for {kind}" for kind, limit in THRESHOLDS.items())
            + "; absent for digests. None is official for PhotoDNA.",
        },
        "lists": {"type": "array", "items": _LIST},
    },
}
_HASH = {
    "type": "object",
    "required": ["kind", "value"],
    "properties": {
        "kind": {"enum": list(KINDS)},
        "value": _TEXT
        | {
            "description": "hexadecimal; PhotoDNA also base64 or decimal numbers with commas. "
            "PhotoDNA values come from others: Breakwater computes none."
        },
    },
}
_FAULT = {
    "type": "object",
    "required": ["error", "reason"],
    "properties": {
        "error": _TEXT,
        "reason": _TEXT,
        "index": {"type": "integer", "description": "place of the hash that is wrong, from 0"},
    },
}
_FAULTS = {
    400: "The body, or the hash at `index`, is wrong; none was looked up.",
    401: "No open account of this name and secret.",
    403: "The account may not look hashes up.",
    405: "Another method than POST.",
    413: "The body is too large.",
    503: "The index of the lists is being made anew; `Retry-After` says the seconds.",
    429: f"More than {CALLS_A_MINUTE} calls a minute; `Retry-After` says the seconds.",
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _array(name: str, items: dict[str, Any], **more: object) -> dict[str, Any]:
    properties = {name: {"type": "array", "items": items, **more}}
    return {"type": "object", "required": [name], "properties": properties}


PATHS: dict[str, Any] = {
    "/hashsharing/lookup": {
        "post": {
            "operationId": "hashlists_lookup",
            "tags": ["hashlists"],
            "summary": "Whether hashes are on lists that may be told to the caller: an authority "
            "or a provider with an account of its own (HTTP Basic)",
            "description": f"At most {MOST_HASHES:,} hashes in a call, {MOST_PHOTODNA} of them "
            "PhotoDNA values. Every call is logged with the caller and how many hashes were "
            "asked and known.",
            "security": [{"recipient": []}],
            "requestBody": {
                "required": True,
                "content": _json(_array("hashes", _HASH, maxItems=MOST_HASHES)),
            },
            "responses": {
                "200": {
                    "description": "A result for each hash, in the order asked.",
                    "content": _json(_array("results", _RESULT)),
                }
            }
            | {
                str(status): {"description": text, "content": _json(_FAULT)}
                for status, text in _FAULTS.items()
            },
        }
    }
}
