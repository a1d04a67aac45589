"""Write rules: a new rule, a new version, edits, the test, the proposal, the withdrawal. Errors are shown at the text."""

from __future__ import annotations

from datetime import datetime, time

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import day_field, text_field
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import CONFIRM_TEMPLATE, respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.actions import rules as verbs
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.queries.starter_updates import offer
from civicmail.desk.oversight.views.rule_pages import crumbs, version_of, versions_of
from civicmail.desk.oversight.views.rules import LIST

TEMPLATE = "oversight/writing.html"
SKELETON = """[[rule]]
id = "what-it-is-called"
clause = "P-25"
owner = "who answers for it"
why = "why there is this rule"
expires = 2027-12-31
severity = "medium"
mode = "shadow"
do = "mark"
mark = "short-name"
when = 'inbound && files.macros'
reader = "What whoever gets the mail is told."

[[rule.example]]
facts = { inbound = true, "files.macros" = true }
fits = true

[[rule.example]]
facts = { inbound = true }
fits = false
"""


class RuleText(forms.Form):
    """seen: what the writer had in front of them: the newest version's number, or the revision of a draft."""

    text = forms.CharField(
        label="The rule",
        help_text="TOML: one [[rule]], and at least one example that it fits and one that it does not.",
        max_length=rule_text.MAX_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "wrap": "off"}),
    )
    changed = text_field(
        "What is new?",
        "In a sentence of at least 3 characters, for whoever approves it; not needed for the first version.",
        required=False,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class Proposal(forms.Form):
    """starts: not before that day."""

    reason = text_field("Why should it act?", "At least 10 characters. Whoever approves it reads this.", min_length=10)
    starts = day_field("From which day?", "Empty: as soon as it is approved.", required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def moment(self) -> datetime | None:
        """Its beginning in the city's time zone."""
        day = self.cleaned_data["starts"]
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class Reason(forms.Form):
    """A reason alone; revision: of the version as it was shown."""

    reason = text_field("Reason", "At least 10 characters.", min_length=10)
    revision = forms.IntegerField(widget=forms.HiddenInput)


@acting("rule.write")
def new(request: CityRequest) -> HttpResponse:
    """A rule that is not there yet."""
    require(request, "rule.write")
    form = RuleText(request.POST or None, initial={"text": SKELETON, "seen": 0} | _offered(request))
    return respond_to_form(
        request, form, lambda: _draft(request, form),
        page=Page("What shall the new rule do?", "Rules", [LIST]), back=reverse("rules"), template=TEMPLATE,
        message=lambda v: f"Version {v.number} of {v.rule} is a draft.", to=where, submit="Save as a draft",
    )  # fmt: skip


@acting("rule.write")
def another(request: CityRequest, rule: str) -> HttpResponse:
    """The next version, from the text of the one that acts."""
    require(request, "rule.write")
    rows = versions_of(rule)
    start = next((v for v in rows if v.state == "active"), rows[0])
    form = RuleText(request.POST or None, initial={"text": start.text, "seen": rows[0].number} | _offered(request))
    return respond_to_form(
        request, form, lambda: _draft(request, form),
        page=Page(f"What is new in version {rows[0].number + 1}?", rule, crumbs(rule)), back=reverse("rule", args=[rule]),
        template=TEMPLATE, message=lambda v: f"Version {v.number} is a draft.", to=where, submit="Save as a draft",
    )  # fmt: skip


@acting("rule.write")
def edit(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """A draft, by any author; who edits it does not approve it."""
    require(request, "rule.write")
    row = version_of(rule, number)
    form = RuleText(request.POST or None, initial={"text": row.text, "changed": row.changed, "seen": row.revision})

    def verb() -> Version:
        c = form.cleaned_data
        return verbs.edit(_seen(row, c["seen"]), c["text"], c["changed"], actor=request.actor, now=epoch_ms(request.now))

    return respond_to_form(
        request, form, verb, page=Page(f"What shall version {number} say?", rule, crumbs(rule)), back=where(row),
        template=TEMPLATE, message="The draft is saved.", to=where, submit="Save the draft",
    )  # fmt: skip


@acting("rule.write")
@require_POST
def test(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """Its examples, and the whole book with it."""
    require(request, "rule.write")
    row = version_of(rule, number)
    try:
        verbs.test(row, actor=request.actor, now=epoch_ms(request.now))
        count = rule_text.rule_facts(row.text).examples
        messages.success(request, f"{count} of {count} examples came out, and the whole book can be read with it.")
    except Unusable as error:
        messages.error(request, str(error))
    return redirect(where(row))


@acting("rule.write")
def propose(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """Ask a second person for it."""
    require(request, "rule.write")
    row = version_of(rule, number)
    form = Proposal(request.POST or None, initial={"revision": row.revision})
    first = queries.earliest(row, epoch_ms(request.now)) if row.state in states.OPEN else 0
    effects = [f"A second person is asked for {row}; nobody who has written in it may approve it.", *_notice(row, first)]
    return respond_to_form(
        request, form,
        lambda: verbs.propose(
            _seen(row, form.cleaned_data["revision"]), form.cleaned_data["reason"], starts=form.moment(), actor=request.actor,
            now=epoch_ms(request.now),
        ),
        page=Page(f"Propose version {number} of {rule}?", rule, crumbs(rule)), back=where(row), template=CONFIRM_TEMPLATE, to=where,
        message="It waits for a second person.", effects=effects, stays=["The version that acts goes on until then."],
        verb=f"Propose version {number}",
    )  # fmt: skip


@acting("rule.write")
def withdraw(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """Give a version up before it acts."""
    require(request, "rule.write")
    row = version_of(rule, number)
    form = Reason(request.POST or None, initial={"revision": row.revision})
    return respond_to_form(
        request,
        form,
        lambda: verbs.withdraw(
            _seen(row, form.cleaned_data["revision"]), form.cleaned_data["reason"], actor=request.actor, now=epoch_ms(request.now)
        ),
        page=Page(f"Withdraw version {number} of {rule}?", rule, crumbs(rule)),
        back=where(row),
        template=CONFIRM_TEMPLATE,
        to=where,
        message="The version is withdrawn.",
        effects=[f"{row} never acts. Its text is kept."],
        verb=f"Withdraw version {number}",
    )


@acting("rule.write")
def take_out(request: CityRequest, rule: str) -> HttpResponse:
    """Propose that a rule acts no longer."""
    require(request, "rule.write")
    rows = versions_of(rule)
    row = next((v for v in rows if v.state == "active"), rows[0])
    form = Reason(request.POST or None, initial={"revision": row.revision})
    return respond_to_form(
        request,
        form,
        lambda: verbs.take_out(
            _seen(row, form.cleaned_data["revision"]), form.cleaned_data["reason"], actor=request.actor, now=epoch_ms(request.now)
        ),
        page=Page(f"Take {rule} out of the book?", rule, crumbs(rule)),
        back=reverse("rule", args=[rule]),
        template=CONFIRM_TEMPLATE,
        to=where,
        message="It waits for a second person.",
        stop=True,
        verb="Propose to take out 1 rule",
        effects=["A second person is asked. When they approve, the rule does nothing any more, to any mail."],
        stays=["Its versions, and what it has done, are kept."],
    )


def where(row: Version) -> str:
    """The page of a version."""
    return reverse("rule-version", args=[row.rule, row.number])


def _offered(request: CityRequest) -> dict[str, object]:
    """What the form begins with where a text of the program is taken (views/starter_updates_page.py)."""
    brought = offer(request.GET.get("offered", ""))
    return {"text": brought.text, "changed": "As this version of the program brings it."} if brought is not None else {}


def _draft(request: CityRequest, form: RuleText) -> Version:
    c = form.cleaned_data
    return verbs.draft(c["text"], c["changed"], after=c["seen"], actor=request.actor, now=epoch_ms(request.now))


def _seen(row: Version, revision: int) -> Version:
    """The row as the writer saw it: another revision is a conflict for the verb."""
    row.revision = revision
    return row


def _notice(row: Version, first: int | None) -> list[str]:
    if first is None:
        return ["It could hold or refuse mail of employees, so it cannot be enforced before it has told them for ten working days."]
    return ["It has to tell employees first; the form says from which day it may act."] if first else []
