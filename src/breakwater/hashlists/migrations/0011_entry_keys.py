import hashlib
import json
import re

from django.db import migrations, models

AT_ONCE = 5_000
NAMES = {1: "md5", 2: "sha1", 3: "sha256", 4: "pdq", 5: "photodna"}
LIKE_A_HASH = re.compile(r":(?:md5|sha1|sha256|pdq|photodna):[0-9a-f]*\Z")


def digest(said) -> str:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return "=" + hashlib.sha256(text.encode()).hexdigest()


def of_number(member: str, number: str) -> str:
    text = f"{member}/{number}" if member else number
    is_plain = len(text) <= 200 and not text.startswith(("=", "~"))
    could_be_another = "/" in member or (not member and "/" in number)
    if is_plain and not could_be_another and not LIKE_A_HASH.search(text):
        return text
    return digest(["number", member, number])


def new_key(member: str, facts, hashes) -> str:
    """The key as `rules.keys` made it when this migration was written.

    Of VICS records it was not kept which case they are of: theirs is marked by «~», and the next
    import of the file gives them their own.
    """
    kept = [(kind, value) for kind, value in facts.get("kept", [])]
    found = sorted({*hashes, *kept})
    if "vics" in facts.get("extra", {}):
        return "~" + digest(found)[1:]
    if said := facts.get("source_id"):
        return of_number(said[1], said[0])
    if len(found) == 1 and found[0][0] in NAMES.values():
        text = ":".join((member, *found[0]))
        if len(text) <= 200 and not text.startswith(("=", "~")):
            return text
    return digest(["hashes", member, *found])


def give_keys(apps, schema_editor) -> None:
    """Name the entries that are there as the next import of their file names them."""
    entries = apps.get_model("hashlists", "Entry").objects.using(schema_editor.connection.alias)
    fields = ("pk", "hash_list_id", "source_key", "member", "facts")
    last = 0
    while some := list(entries.filter(pk__gt=last).order_by("pk").values_list(*fields)[:AT_ONCE]):
        hashes = hashes_of(apps, schema_editor, some[0][0], some[-1][0])
        for pk, list_id, key, member, facts in some:
            wanted = new_key(member, json.loads(bytes(facts)), hashes.get(pk, ()))
            if wanted != key:
                entries.filter(pk=pk).update(source_key=free(entries, list_id, wanted))
        last = some[-1][0]


def hashes_of(apps, schema_editor, first: int, last: int):
    found = apps.get_model("hashlists", "Fingerprint").objects
    rows = found.using(schema_editor.connection.alias).filter(entry__gte=first, entry__lte=last)
    hashes = {}
    for pk, kind, value in rows.values_list("entry_id", "kind", "value"):
        hashes.setdefault(pk, []).append((NAMES[kind], bytes(value).hex()))
    return hashes


def free(entries, list_id: int, wanted: str) -> str:
    key, number = wanted, 1
    while entries.filter(hash_list_id=list_id, source_key=key).exists():
        number += 1
        key = f"{wanted} {number}"
    return key


def begin_anew(apps, schema_editor) -> None:
    """Let files in work be written again from their first entry, now in the order of these keys."""
    changes = apps.get_model("hashlists", "ListChange").objects.using(
        schema_editor.connection.alias
    )
    half = changes.filter(
        state__in=["waiting", "running"], form__in=["table", "vics", "collection"]
    )
    half.update(done=0, written=0, bytes_read=0)


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0010_listchange_met")]

    operations = [
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.RunPython(begin_anew, migrations.RunPython.noop),
    ]
