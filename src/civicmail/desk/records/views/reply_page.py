"""One message to the records desk: what was written, or where its mail is, and what may be done with it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.acts import replies as acts
from civicmail.desk.records.lists.replies import WAYS
from civicmail.desk.records.models import Reply
from civicmail.desk.records.states import REPLY


@acting("records.see")
def page(request: CityRequest, pk: int) -> HttpResponse:
    """Show it with its acts. The text of mail is not here: its officer has the message in My mail."""
    require(request, "records.see")
    row = get_object_or_404(Reply.objects.select_related("request", "by"), pk=pk)
    actions = []
    if row.state == "open" and may(request, "records.work"):
        fitting = () if row.request else (acts.REQUEST, acts.ATTACH, acts.DISMISS)
        actions = [Action(act.submit, reverse(act.page.name, args=[row.pk])) for act in fitting]
    facts = [("Received", row.received), ("Came by", WAYS.get(row.way, row.way))]
    crumbs = [("Records mail", reverse("records-replies"))]
    shown = {
        "page": Page(f"Message {row.pk}", "Records", crumbs, REPLY[row.state], facts, actions),
        "row": row,
        "may_read": row.state == "open" and row.request is not None and may(request, "records.work"),
    }
    return render(request, "records/reply.html", shown)
