"""What a decision's form offers: reasons, agencies, colleagues."""

from breakwater.people.models import Agency, User
from breakwater.reports import texts
from breakwater.reports.rules.deciding import archive_reasons


def archive_choices() -> list[tuple[int, str, object, bool]]:
    return [
        (number, r.key, texts.ARCHIVE[r.key], r.needs_note)
        for number, r in enumerate(archive_reasons(), start=1)
    ]


def referral_agencies() -> list[Agency]:
    """Agencies whose readers can be shown a bundle."""
    return list(
        Agency.objects.filter(kind__in=("prosecutor", "judiciary", "forensic_lab", "police"))
    )


def colleagues() -> list[User]:
    found = User.objects.filter(is_active=True, role__in=("officer", "supervisor"))
    return list(found.select_related("agency").order_by("first_name", "username"))
