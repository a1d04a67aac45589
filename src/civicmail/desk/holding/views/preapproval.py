"""May these files leave, before the mail is written? ("/holding/approvals/put-up/DRAFT/")"""

from __future__ import annotations

import uuid

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.desk.holding.actions import preapproval
from civicmail.desk.holding.models import Approval
from civicmail.desk.holding.views.approvals import copies_of
from civicmail.desk.mailbox.models import Draft


class ExplanationForm(forms.Form):
    """For the manager."""

    words = text_field(_("What is it for?"), _("At least 10 characters. Your manager reads it."), min_length=10)


@acting("my.write")
def preapproval_form(request: CityRequest, draft: uuid.UUID) -> HttpResponse:
    """The files and the people outside of a draft of one's own; how it stands, once they were put up."""
    require(request, "my.write", OfPerson(request.actor.uid))
    row = get_object_or_404(Draft.objects.select_related("person"), uid=draft, person__uid=request.actor.uid)
    form = ExplanationForm(request.POST or None)

    def send_request() -> object:
        return preapproval.request_preapproval(
            row, actor=request.actor, explanation=form.cleaned_data["words"], now=epoch_ms(request.now)
        )

    back = reverse("my-approvals")
    approval = Approval.objects.filter(draft=row.uid).first()
    page = Page(gettext("Ask before you write?"), gettext("Approval"), [(gettext("My files"), back)])
    return respond_to_form(
        request,
        form,
        send_request,
        page=page,
        back=back,
        message=gettext("Your manager is asked."),
        template="holding/put_up.html",
        files=list(row.files.all()),
        outside=preapproval.outside_recipients(row),
        asked=approval,
        copies=copies_of(approval) if approval else [],
    )
