"""Files that one sent and that wait for approval: remind the approver ("/mail/ID/remind/"), or send the text without them
("/mail/ID/text/")."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.city.pages.wording import translate
from civicmail.desk.holding import partial_approval
from civicmail.desk.holding.acts.sent_files import REMIND_APPROVER, SEND_TEXT
from civicmail.desk.mailbox.views.mark_mail import next_url


@acting("approval.remind")
@require_POST
def remind(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    row = act_pages.permitted_row(REMIND_APPROVER, request, id)
    back = next_url(request, reverse("approval", args=[row.pk]), others=[reverse("my-approvals")])
    return act_pages.respond_to_button(request, REMIND_APPROVER, row, back)


@acting("approval.withdraw")
def send_text(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    """Say what will happen, and do it. A message that cannot be stripped leads back to its page, which says why."""
    row = act_pages.permitted_row(SEND_TEXT, request, id)
    page = SEND_TEXT.form_page(row)
    if request.method != "POST" and (obstacle := partial_approval.text_obstacle(row)):
        messages.warning(request, translate(obstacle))
        return redirect(page.back)
    return act_pages.answer(request, SEND_TEXT, row, page)
