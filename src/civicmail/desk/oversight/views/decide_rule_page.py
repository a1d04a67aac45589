"""A second person's decision on a version: the changes, the replay, and a reason ("/policy/rules/RULE/N/decide/")."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.views.city_request import CityRequest, acting
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.actions import rule_decisions as verbs
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.rule_replay import Tally
from civicmail.desk.oversight.views.rule_pages import base_of, compared, crumbs, version_of, versions_of
from civicmail.desk.oversight.views.write_rule import where


class Answer(forms.Form):
    """Nothing is preselected. revision: of the version as it was shown."""

    decision = forms.ChoiceField(
        label="Your decision",
        choices=[("approve", "Approve"), ("refuse", "Do not approve")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = text_field("Reason", "At least 10 characters. Its author reads it, and it is kept for ever.", min_length=10)
    revision = forms.IntegerField(widget=forms.HiddenInput)


@acting("rule.decide")
def decide(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """403 for whoever has written in it, whatever duty they hold."""
    row = version_of(rule, number)
    now = epoch_ms(request.now)
    verbs.require_second(row, request.actor, now)
    form = Answer(request.POST or None, initial={"revision": row.revision})

    def verb() -> Version:
        c = form.cleaned_data
        row.revision = c["revision"]
        answer = verbs.approve if c["decision"] == "approve" else verbs.deny
        return answer(row, actor=request.actor, reason=c["reason"], now=now)

    rows = versions_of(rule)
    base = base_of(row, rows)
    shown: dict[str, Any] = {
        "v": row,
        "base": base,
        "lines": compared(base.text, row.text) if base is not None and not row.ends else [],
        "r": rule_text.rule_facts(row.text).rule,
        "replays": [(r, Tally.from_plain(r.result)) for r in row.replays.filter(state="done")[:5]],
        "waits": row.state == "proposed",
    }
    heading = f"Shall {rule} be taken out?" if row.ends else f"Shall version {number} of {rule} act?"
    return respond_to_form(
        request, form, verb, page=Page(heading, rule, crumbs(rule), states.WORDS[row.state]), back=where(row), to=where,
        template="oversight/deciding.html", message=lambda v: f"{v}: {states.WORDS[v.state][1].lower()}.", **shown,
    )  # fmt: skip
