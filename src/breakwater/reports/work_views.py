"""The page that shows the desk's own work: what waits, what failed, and a way to try again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in
from breakwater.reports.actions.retry import retry, run_now
from breakwater.reports.queries.work import Work, work

JOB_WORDS = {
    "reports.unpack": gettext_lazy("Read accepted reports into the queue"),
    "reports.expire_filings": gettext_lazy("Close filings that providers left unfinished"),
}


@require_GET
@needs("work.see")
def work_page(request: HttpRequest) -> HttpResponseBase:
    found = work(timezone.now())
    context = {
        "work": found,
        "answer": _answer(found),
        "jobs": [(job, JOB_WORDS.get(job.name, job.name)) for job in found.jobs],
    }
    return render(request, "reports/work.html", context)


def _answer(found: Work) -> str:
    if not found.is_alive:
        return _("The worker does not run: nothing is being read into the queue")
    if found.failing or found.stuck_count:
        n = found.failing + found.stuck_count
        text = ngettext(
            "%(n)s piece of work needs somebody", "%(n)s pieces of work need somebody", n
        )
        return text % {"n": n}
    if found.waiting:
        text = ngettext(
            "%(n)s report waits to be read", "%(n)s reports wait to be read", found.waiting
        )
        return text % {"n": found.waiting}
    return _("All work is done")


@require_POST
@needs("work.see")
def retry_stuck(request: HttpRequest) -> HttpResponseBase:
    chosen = whole_number(request.POST.get("original", ""))
    ids = None if chosen is None else [chosen]
    count = retry(by=signed_in(request), at=timezone.now(), originals=ids)
    text = ngettext("%(n)s report waits again.", "%(n)s reports wait again.", count) % {"n": count}
    messages.success(request, text)
    return redirect("work")


@require_POST
@needs("work.see")
def retry_job(request: HttpRequest, name: str) -> HttpResponseBase:
    if run_now(name, by=signed_in(request), at=timezone.now()):
        messages.success(request, _("It is tried again within seconds."))
    else:
        messages.error(request, _("This job has not failed; there is nothing to try again."))
    return redirect("work")
