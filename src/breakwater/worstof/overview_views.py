"""How blocking goes, for a regulator: counts, charts and what happened. No name of the list."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from breakwater.drawing import exports
from breakwater.drawing.shown import show
from breakwater.people.access import needs
from breakwater.worstof import overview_figures, recipient_figures
from breakwater.worstof import overview_texts as texts
from breakwater.worstof.models import HeldChange, Recipient
from breakwater.worstof.queries import apart, proofs, zone
from breakwater.worstof.queries.known_names import top_sites
from breakwater.worstof.queries.overview import overview
from breakwater.worstof.queries.proofs import Found
from breakwater.worstof.queries.room import room_left
from breakwater.worstof.queries.stop_texts import texts_if_good
from breakwater.worstof.queries.transfers import new_sources
from breakwater.worstof.recipient_figures import Provider
from breakwater.worstof.rules.top_sites import fault_of


def _behind(recipient: Recipient, since: datetime | None, at: datetime) -> timedelta | None:
    if recipient.taken is None:
        return None
    return max(at - since, timedelta()) if since else timedelta()


@never_cache
@require_GET
@needs("worstof.overview")
def overview_page(request: HttpRequest) -> HttpResponseBase:
    at = timezone.now()
    counts, last, state = overview(at), zone.last(), zone.state()
    recipients = list(Recipient.objects.filter(closed_at=None).order_by("name"))
    found = proofs.lately(at=at)
    probed = {x.pk: found[x.pk] for x in recipients if x.pk in found}
    waiting = zone.waited_since(recipients)
    providers = [
        Provider(x.name, found.get(x.pk, Found()), _behind(x, waiting.get(x.pk), at))
        for x in recipients
        if x.blocks or x.pk in found
    ]
    drawn = [*overview_figures.every(counts), *recipient_figures.providers(providers)]
    wanted = request.GET.get("export")
    if wanted is not None:
        return exports.answer(request, wanted, drawn)
    held = list(HeldChange.objects.filter(state=HeldChange.State.WAITING).order_by("at"))
    context = {
        "counts": counts,
        "answer": texts.answer(counts, last, probed),
        "events": [
            *texts.full_disk(room_left()),
            *texts.apart(apart.counts()),
            *texts.new_addresses(new_sources(at=at)),
            *texts.events(state, last, held, recipients, probed, waiting, at=at),
            *texts.late(counts),
            *(texts.largest_sites(fault_of(top_sites(), at=at)) if last else ()),
            *(texts.stop_page(texts_if_good()) if last else ()),
        ],
        "figures": {figure.id: show(figure, settings.DEMO) for figure in drawn},
        "in_time": texts.in_time(counts),
        "days_to_list": texts.days(counts.days_to_list),
        "days_to_answer": texts.days(counts.appeals.days_to_answer),
        "last": last,
        "state": state,
        "waiting": zone.waiting().count(),
    }
    return render(request, "worstof/overview.html", context)
