"""Every verb of the log in words. A test keeps this list the same as what the rooms record."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Promise] = {
    "custody.log.exported": _("Exported the log"),
    "custody.log.read": _("Read the log"),
    "custody.log.verified": _("Verified the log"),
    "custody.record.viewed": _("Saw personal data"),
    "hashlists.hash.looked_up": _("Looked hashes up"),
    "hashlists.import.confirmed": _("Confirmed the columns of a file for a hash list"),
    "hashlists.import.discarded": _("Threw a file for a hash list away"),
    "hashlists.import.finished": _("Finished an import into a hash list"),
    "hashlists.import.received": _("Received a file for a hash list"),
    "hashlists.list.created": _("Made a hash list"),
    "hashlists.list.reinstated": _("Let a hash list speak again"),
    "hashlists.list.retired": _("Retired a hash list"),
    "people.agency.added": _("Added an agency"),
    "people.key.made": _("Made a key for the API"),
    "people.key.revoked": _("Revoked a key for the API"),
    "people.password.changed": _("Changed their own password"),
    "people.password.reset": _("Handed out a new first password"),
    "people.person.added": _("Added a person"),
    "people.person.deactivated": _("Closed a person's account"),
    "people.person.moved": _("Changed a person's role or agency"),
    "people.person.reactivated": _("Opened a person's account again"),
    "people.preferences.set": _("Changed their own settings"),
    "people.session.closed": _("Signed out"),
    "people.session.ended": _("Ended a session that was over"),
    "people.session.opened": _("Signed in"),
    "people.session.refused": _("Failed to sign in"),
    "reports.account.changed": _("Opened or closed a provider account"),
    "reports.account.created": _("Made a provider account"),
    "reports.bundle.archived": _("Archived a bundle"),
    "reports.bundle.assigned": _("Assigned a bundle"),
    "reports.bundle.matched": _("Told that a hash list names a file"),
    "reports.bundle.merged": _("Merged bundles"),
    "reports.bundle.referred": _("Referred a bundle"),
    "reports.bundle.released": _("Released a bundle"),
    "reports.bundle.reopened": _("Opened a bundle again"),
    "reports.bundle.split": _("Split a bundle"),
    "reports.bundle.undone": _("Took a decision back"),
    "reports.delivery.exported": _("Exported the results of a delivery"),
    "reports.delivery.received": _("Received a delivery"),
    "reports.filing.expired": _("Let an unfinished filing expire"),
    "reports.filing.finished": _("Finished a filing"),
    "reports.filing.retracted": _("Retracted a filing"),
    "reports.job.retried": _("Started a job again"),
    "reports.originals.retried": _("Read originals again that were stuck"),
    "reports.rebuild.started": _("Began to rebuild from the originals"),
}


def in_words(verb: str) -> str:
    """Say a verb in the reader's language; one that is not known, as it is kept."""
    return str(VERBS.get(verb, verb))
