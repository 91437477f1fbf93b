"""The words that people read for the codes of this room; a test finds a code without words."""

import json
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from breakwater.drawing.words import in_one_line

Words = Mapping[str, str | Promise]

REASONS: Words = {
    "escalated": lazy("The provider escalated it"),
    "priority_1": lazy("The clearing house gave it priority 1"),
    "live_streaming": lazy("Live streaming of abuse"),
    "sextortion": lazy("Sexual extortion of a child"),
    "sadistic": lazy("Sadistic online exploitation"),
    "infant": lazy("An infant or toddler is involved"),
    "molestation": lazy("Child sexual abuse"),
    "trafficking": lazy("Child sex trafficking, or travel to abuse a child"),
    "enticement": lazy("Online enticement of a child"),
    "access_to_children": lazy("The reported person has access to children"),
    "listed": lazy("A file is on a hash list: %(listed_by)s"),
    "listed_contradicted": lazy(
        "A file is on a hash list, and lists contradict each other: %(listed_by)s"
    ),
    "listed_lower": lazy("All files are on a list that lowers: %(listed_by)s"),
    "listed_known": lazy("A file is known to %(listed_by)s"),
    "convicted": lazy("The reported person is said to be convicted of such an offence"),
    "self_production": lazy("The material may have been made by the child"),
    "priority_2": lazy("The clearing house gave it priority 2"),
    "physical_harm": lazy("Physical harm or violence is described"),
    "solicitation": lazy("Somebody asks for or offers CSAM"),
    "many_prior_reports": lazy("Five or more earlier reports"),
    "class_a": lazy("Classified %(worst_class)s by the provider"),
    "class_b": lazy("Classified %(worst_class)s by the provider"),
    "firearms": lazy("The reported person has access to firearms"),
    "viewed": lazy("The provider viewed a file in full"),
    "attributable": lazy("An IP address with a time can lead to a subscriber"),
    "complete": lazy("The report is %(completeness)s %% complete"),
    "incomplete": lazy("The report is only %(completeness)s %% complete"),
    "known_viral": lazy("All files are widely shared ones"),
    "batch": lazy("Batch report about a viral file"),
    "informational": lazy("For information, by the provider's own mark"),
    "minor_to_minor": lazy("Between minors, by the provider's mark"),
}
INCIDENT_TYPES: Words = {
    "csam": lazy("CSAM made, held or shared"),
    "trafficking": lazy("Child sex trafficking"),
    "travel": lazy("Travel to abuse children"),
    "molestation": lazy("Child sexual abuse"),
    "misleading_domain": lazy("Misleading domain name"),
    "misleading_words": lazy("Misleading words or images"),
    "enticement": lazy("Online enticement of a child"),
    "obscene_to_child": lazy("Obscene material to a child"),
    "": lazy("Type not said"),
}
SHORT_TYPES: Words = {
    "csam": "CSAM",
    "trafficking": lazy("Trafficking"),
    "travel": lazy("Travel"),
    "molestation": lazy("Sexual abuse"),
    "misleading_domain": lazy("Misleading domain"),
    "misleading_words": lazy("Misleading words"),
    "enticement": lazy("Enticement"),
    "obscene_to_child": lazy("Obscene material"),
    "": lazy("Not said"),
}
IP_GRADES: dict[int, str | Promise] = {
    0: lazy("No IP address"),
    1: lazy("Shared address without a port: not attributable"),
    2: lazy("IP address without a time"),
    3: lazy("IP address and time"),
    4: lazy("IP address, port and time"),
}
MISSING: Words = {
    "incident_type": lazy("the type of the incident"),
    "incident_time": lazy("the time of the incident"),
    "account": lazy("the account"),
    "contact": lazy("an e-mail address or phone number"),
    "ip": lazy("an IP address"),
    "ip_time": lazy("the time of an IP address"),
    "ip_port": lazy("the port of an IP address"),
    "country": lazy("the country"),
    "file_hash": lazy("the hash of a file"),
    "file_viewed": lazy("whether the files were viewed"),
}
ASK: Words = {
    "provider": lazy("the provider"),
    "access_provider": lazy("the access provider"),
    "clearing_house": lazy("the clearing house"),
    "nobody": lazy("nobody"),
}
COUNTRY_REASONS: Words = {
    "stated": lazy("named by the clearing house"),
    "estimated": lazy("estimated by the provider"),
    "ip": lazy("by the IP address"),
    "phone": lazy("by the phone number"),
    "address": lazy("by an address in the report"),
    "lookup": lazy("by the clearing house's look-up"),
    "": lazy("nothing in the report tells"),
}
VIA: Words = {
    "first": lazy("first report"),
    "account": lazy("same account"),
    "recipient": lazy("same recipient"),
    "contact": lazy("same e-mail address or phone number"),
    "file": lazy("same file"),
    "near": lazy("nearly the same picture"),
    "person": lazy("joined by a person"),
    "batch": lazy("same viral file and country"),
    "": lazy("not recorded"),
}
ROLES: Words = {
    "reported": lazy("Reported person"),
    "recipient": lazy("Recipient"),
    "victim": lazy("Child"),
    "incident": lazy("Incident"),
    "file": lazy("File"),
}
KINDS: Words = {
    "account": lazy("Account"),
    "screen": lazy("Screen name"),
    "email": lazy("E-mail"),
    "phone": lazy("Phone"),
    "device": lazy("Device"),
    "capture": lazy("IP capture"),
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "phash": lazy("Perceptual hash"),
    "url": lazy("Address on the web"),
    "group": lazy("Group"),
    "batch": lazy("Viral file"),
}
ARCHIVE: Words = {
    "no_offence": lazy("No offence under our law"),
    "not_attributable": lazy("Nobody can be identified"),
    "too_little": lazy("Too little information, provider has no more"),
    "known_viral": lazy("Widely shared file, no lead"),
    "other_country": lazy("Belongs to another country"),
    "handled_elsewhere": lazy("Handled in another case"),
    "spam": lazy("Spam or false report"),
    "child_safe": lazy("The child is safe and cared for"),
    "other": lazy("Another reason"),
}
VERBS: Words = {
    "assigned": lazy("Assigned"),
    "released": lazy("Given back to the queue"),
    "archived": lazy("Archived"),
    "referred": lazy("Referred"),
    "reopened": lazy("Reopened"),
    "matched": lazy("A hash list now names a file"),
    "merged": lazy("Merged"),
    "split": lazy("Split"),
}
# Notes of changes that the software made; those of people are their own words.
NOTES: Words = {"new_report": lazy("a new report came in")}
REFUSALS: Words = {
    "not_found": lazy("there is no such bundle"),
    "state": lazy("its state does not allow it"),
    "not_yours": lazy("somebody else works on it"),
    "nothing_to_do": lazy("it is so already"),
    "same_batch": lazy("parts of one viral batch stay apart, by country"),
    "changed_since": lazy("it was changed since"),
}
ANNOTATIONS: Words = {
    "sextortion": lazy("sexual extortion of a child"),
    "csam_solicitation": lazy("asking for or offering CSAM"),
    "minor_to_minor": lazy("between minors"),
    "spam": lazy("spam"),
    "sadistic": lazy("sadistic online exploitation"),
    "drawn": lazy("drawn, animated or computer-made"),
    "potential_meme": lazy("possible meme"),
    "viral": lazy("viral"),
    "self_production": lazy("possibly made by the child"),
    "physical_harm": lazy("physical harm"),
    "violence": lazy("violence"),
    "bestiality": lazy("with an animal"),
    "live_streaming": lazy("live streaming"),
    "infant": lazy("infant or toddler"),
    "generative_ai": lazy("marked as AI-generated"),
}
EVENTS: Words = {
    "login": lazy("Sign-in"),
    "registration": lazy("Registration"),
    "purchase": lazy("Purchase"),
    "upload": lazy("Upload"),
    "other": lazy("Other event"),
    "unknown": lazy("Event not known"),
    "": lazy("Event not said"),
}


def via(kind: str, distance: int) -> str:
    """Why a report is in a bundle; pictures say by how many bits of PDQ they differ."""
    words = str(VIA.get(kind, kind))
    return f"{words}, PDQ ±{distance}" if kind == "near" else words


def reason_sentence(key: str, shown: Mapping[str, object]) -> str:
    """The sentence of one reason, in the language of the reader."""
    if key == "child_named":
        count = int(str(shown.get("children", 1)))
        text = ngettext("%(n)s child is described", "%(n)s children are described", count)
        return text % {"n": count}
    if key == "prior_reports":
        count = int(str(shown.get("prior_reports", 1)))
        text = ngettext(
            "%(n)s earlier report about this account",
            "%(n)s earlier reports about this account",
            count,
        )
        return text % {"n": count}
    if key == "new_files":
        count = int(str(shown.get("new_files", 1)))
        text = ngettext("%(n)s file not seen before", "%(n)s files not seen before", count)
        return text % {"n": count}
    if key == "recent":
        count = int(str(shown.get("days_old", 0)))
        if count == 0:
            return _("It happened on the day of the report")
        text = ngettext("It happened %(n)s day before", "It happened %(n)s days before", count)
        return text % {"n": count}
    words = REASONS.get(key)
    return str(words) % {**shown} if words else key


def stored_reasons(reasons: str) -> list[tuple[str, int, dict[str, object]]]:
    """(rule key, points, shown facts), as stored with a report or bundle."""
    return [(key, points, shown) for key, points, shown in json.loads(reasons)]


def reason_lines(reasons: str) -> list[tuple[str, int]]:
    """(sentence, points) of each reason, as stored with a report or bundle."""
    stored = stored_reasons(reasons)
    return [(reason_sentence(key, shown), points) for key, points, shown in stored]


def headline(reasons: str, most: int = 2) -> str:
    """The gravest reasons in one line; what lowers is left to the bundle's own page."""
    raising = [sentence for sentence, points in reason_lines(reasons) if points > 0]
    return in_one_line(raising[:most]) or _("No special reason")
