"""My labels: those that there are, a new one, and the switch for keys."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.desk.mailbox import queries
from civicmail.desk.mailbox.acts.labels import MAKE_LABEL
from civicmail.desk.mailbox.views.opened_message import crumbs


@acting("my.mail")
def labels(request: Request) -> HttpResponse:
    """List all labels, with a form for another."""
    act_pages.permitted_row(MAKE_LABEL, request)
    now = epoch_ms(request.now)
    permit, _ = queries.own_mail(request.actor, now=now)
    kept = queries.marks_by(permit, now=now)
    rows = [(mark, len(kept.labeled((mark.pk,)))) for mark in kept.labels]
    form_page = FormPage(
        title=gettext("Labels"), section=gettext("My mail"), crumbs=crumbs(), back=reverse("mail-labels"),
        submit=gettext("Make the label"), template="mailbox/labels.html",
        context={"rows": rows},
    )  # fmt: skip
    return act_pages.answer(request, MAKE_LABEL, None, form_page)
