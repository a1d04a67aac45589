"""Write a rule: a new one, the next version of one, or a draft, as a form or as its text. Errors are shown where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, could, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import day_field, text_field
from civicmail.city.policy.clauses import CLAUSES
from civicmail.city.policy.condition_rows import Joined, Row, comparisons_of
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rule_parser import MAX_CONTACT_LENGTH, MAX_TEXT_LENGTH
from civicmail.city.policy.rules import MODES, REVIEWS, RULE_ACTIONS, SEVERITIES, Example
from civicmail.desk.oversight import rule_form, rule_text
from civicmail.desk.oversight.actions import replays
from civicmail.desk.oversight.acts.rules import DRAFT_RULE, EDIT_RULE, in_mode
from civicmail.desk.oversight.lists.rules import DONE
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.queries.starter_updates import offer
from civicmail.desk.oversight.rule_form import FormRule
from civicmail.desk.oversight.views.rule_charts import sample_charts
from civicmail.desk.oversight.views.rule_pages import MODE_MEANING, crumbs, versions_of
from civicmail.desk.oversight.views.rules import LIST

MAX_ROWS = 20
_GROUPS = dict.fromkeys(name.partition(".")[0] for name in FACTS)
FACT_CHOICES = [(group, [(f.name, f.title) for f in FACTS.values() if f.name.partition(".")[0] == group]) for group in _GROUPS]


class Fields(forms.Form):
    """The fields of a rule besides its rows, under the names of its text."""

    id = forms.CharField(label="Name", max_length=60, help_text="Small letters, digits and hyphens.")
    clause = forms.ChoiceField(
        label="Clause", choices=[("", "Choose"), *((number, f"{number} {clause.title}") for number, clause in CLAUSES.items())]
    )
    do = forms.ChoiceField(label="Action", choices=[(do, DONE[do]) for do in RULE_ACTIONS])
    mark = forms.CharField(label="Mark", max_length=60, required=False, help_text="Empty: the name of the rule.")
    reader = text_field("What the reader is told", max_length=MAX_TEXT_LENGTH, rows=2, required=False)
    sender = text_field("What the sender is told", max_length=MAX_TEXT_LENGTH, rows=2, required=False)
    ask = forms.CharField(label="Whom to ask", max_length=MAX_CONTACT_LENGTH, required=False)
    review = forms.ChoiceField(
        label="Review", required=False, choices=[("", "No review"), *((queue, queue.capitalize()) for queue in REVIEWS)]
    )
    mode = forms.ChoiceField(
        label="Mode", widget=forms.RadioSelect, choices=[(mode, f"{mode.capitalize()}: {MODE_MEANING[mode]}") for mode in MODES]
    )
    severity = forms.ChoiceField(label="Severity", choices=[(severity, severity.capitalize()) for severity in SEVERITIES])
    owner = forms.CharField(label="Owner", max_length=120)
    expires = day_field("Ends")
    why = text_field("Why there is this rule", "Whoever approves it reads this.", rows=2)
    changed = text_field("What is new?", "In a sentence, for whoever approves it.", rows=2, required=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written. act, row, given: that save it, with its input; text: to begin with; new: whether it has no version yet."""

    act: Act[Any, Any, Any]
    row: Any
    page: FormPage
    text: str
    changed: str
    given: Mapping[str, Any]
    new: bool = False


@acting("rule.write")
def new(request: CityRequest) -> HttpResponse:
    """A rule that is not there yet."""
    require(request, "rule.write")
    update = offer(request.GET.get("offered", ""))
    text, changed = (update.text, "As this version of the program brings it.") if update is not None else (rule_text.SKELETON, "")
    page = FormPage(title="New rule", section="Rules", crumbs=[LIST], back=LIST[1], submit="Save draft")
    return _write(request, Draft(DRAFT_RULE, None, page, text, changed, {"after": 0}, new=update is None))


@acting("rule.write")
def another(request: CityRequest, rule: str) -> HttpResponse:
    """Start the next version from the text of the active one."""
    require(request, "rule.write")
    rows = versions_of(rule)
    newest, above = rows[0].number, crumbs(rule)
    text, changed = queries.current_version(rows).text, ""
    if (update := offer(request.GET.get("offered", ""))) is not None:  # taken on views/starter_updates_page.py
        text, changed = update.text, "As this version of the program brings it."
    page = FormPage(title=f"New version {newest + 1}", section=rule, crumbs=above, back=above[-1][1], submit="Save draft")
    return _write(request, Draft(DRAFT_RULE, None, page, text, changed, {"after": newest}))


@acting("rule.write")
def edit(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """Change a draft."""
    row = act_pages.permitted_row(EDIT_RULE, request, rule, number, view=request.method != "POST")
    above = crumbs(rule)
    page = FormPage(
        title=f"Edit version {number}{in_mode(row)}", section=rule, crumbs=above, back=above[-1][1], submit="Save draft"
    )
    return _write(request, Draft(EDIT_RULE, row, page, row.text, row.changed, {"revision": str(row.revision)}))


def _write(request: CityRequest, draft: Draft) -> HttpResponse:
    post, go = request.POST, request.POST.get("go", "")
    if request.method != "POST":
        return _begin(request, draft)
    if "text" in post:
        if go == "form":
            return _as_form(request, draft, post["text"], post.get("changed", ""))
        form = act_pages.form_of(draft.act, draft.row, request.actor, {**draft.given, **post.dict()})
        return _saved(request, draft, form) or _text_page(request, draft, form)
    form, rows = Fields(post), Rows.posted(post, go)
    made = _rule(draft, form.data, rows)
    if go == "toml":
        text = made.text() if not rows.problems else rule_text.SKELETON if draft.new else draft.text
        return _text_page(request, draft, _text_form(request, draft, text, post.get("changed", "")))
    saves = go in ("save", "propose")
    if not saves:
        form = Fields(initial=post.dict())
    elif form.is_valid() and not rows.problems:
        why = post.get("changed", "") if draft.row is not None or draft.given.get("after") else post.get("why", "")
        values = {**draft.given, "text": made.text(), "changed": post.get("changed", ""), "reason": why if go == "propose" else ""}
        sent = act_pages.form_of(draft.act, draft.row, request.actor, values)
        if (response := _saved(request, draft, sent)) is not None:
            return response
        for errors in sent.errors.values():
            form.add_error(None, list(errors))
        form.stale = getattr(sent, "stale", False)  # type: ignore[attr-defined]  # read by status_of
    return _form_page(request, draft, form, rows, made, status=422 if saves and rows.problems else status_of(form))


def _begin(request: CityRequest, draft: Draft) -> HttpResponse:
    if draft.new and "toml" not in request.GET:
        ends = timezone.localdate(request.now) + timedelta(days=365)
        start = {"owner": request.actor.name, "expires": ends.isoformat(), "severity": "medium", "mode": "shadow", "do": "mark"}
        return _form_page(request, draft, Fields(initial=start), Rows([Row("inbound", "yes"), Row("", "")], "all", []), None)
    if "toml" in request.GET:
        return _text_page(request, draft, _text_form(request, draft, draft.text, draft.changed))
    return _as_form(request, draft, draft.text, draft.changed)


def _as_form(request: CityRequest, draft: Draft, text: str, changed: str) -> HttpResponse:
    """The form of a text, or the text with a sentence why the form cannot say it."""
    try:
        made = rule_form.from_text(text)
    except Unusable as error:
        made = error.fields.get("text", str(error))
    if isinstance(made, str):
        return _text_page(request, draft, _text_form(request, draft, text, changed), made)
    rows = Rows(list(made.when), made.joined, list(made.unless))
    return _form_page(request, draft, Fields(initial={**made.fields, "changed": changed}), rows, made)


def _text_form(request: CityRequest, draft: Draft, text: str, changed: str) -> forms.Form:
    form = act_pages.form_of(draft.act, draft.row, request.actor, None)
    form.initial = {**form.initial, **draft.given, "text": text, "changed": changed}
    return form


def _saved(request: CityRequest, draft: Draft, form: forms.Form) -> HttpResponse | None:
    """The page after saving; None with errors in the form."""
    if not form.is_valid():
        return None
    done = run_verb(form, lambda: act_pages.carry_out(draft.act, draft.row, form, request.actor, epoch_ms(request.now)))
    if done is None:
        return None
    messages.success(request, draft.act.message(draft.row, done))
    return redirect(draft.act.after(done))


def _text_page(request: CityRequest, draft: Draft, form: forms.Form, why: str = "") -> HttpResponse:
    context = {"page": act_pages.head_of(draft.page), "form": form, "back": draft.page.back, "why": why, "is_new": draft.new}
    return render(request, "oversight/rule_text.html", context, status=status_of(form))


def _form_page(
    request: CityRequest, draft: Draft, form: forms.Form, rows: Rows, made: FormRule | None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "page": act_pages.head_of(draft.page), "form": form, "rows": rows, "facts": FACT_CHOICES, "back": draft.page.back,
        "is_new": draft.new, "here": request.path, "in_words": rows.words(str(form["do"].value() or "")),
    }  # fmt: skip
    if request.method == "POST" and made is not None and rows.when and not rows.problems:
        context |= _sample(request, made)
    part = request.headers.get("HX-Request-Type") == "partial"
    response = render(request, "oversight/rule_form_part.html" if part else "oversight/rule_form.html", context, status=status)
    response["Vary"] = "HX-Request-Type"
    return response


def _sample(request: CityRequest, made: FormRule) -> dict[str, Any]:
    """What the rows would have acted on lately. Their text need not be whole yet."""
    if not could(request, "rule.replay"):
        return {}
    defaults = {
        "id": "sample",
        "clause": "P-25",
        "owner": "x",
        "why": "x",
        "expires": "2199-01-01",
        "severity": "low",
        "mode": "shadow",
    }
    tried = FormRule({**defaults, "do": "deliver"}, made.when, made.joined, made.unless)
    try:
        sample = replays.sample(rule_text.read(tried.text()), actor=request.actor, now=epoch_ms(request.now))
    except Unusable as error:
        return {"untried": error.fields.get("text", str(error))}
    return {"sample": sample, "charts": sample_charts(sample) if sample is not None else [], "unsampled": sample is None}


def _rule(draft: Draft, values: Mapping[str, Any], rows: Rows) -> FormRule:
    fields = {key: " ".join(str(values.get(key, "")).split()) for key in rule_form.KEYS}
    if fields["do"] == "mark":
        fields["mark"] = fields["mark"] or fields["id"]
    elif fields["do"] == "deliver":
        fields["mark"] = ""
    return FormRule(fields, rows.when, rows.joined, rows.unless, _examples(draft))


def _examples(draft: Draft) -> Sequence[Example]:
    rule = None if draft.new else rule_text.rule_facts(draft.text).rule
    return rule.examples if rule is not None else ()


class Rows:
    """The rows of the form: `when`, joined by all or any, and `unless`."""

    def __init__(self, when: list[Row], joined: Joined, unless: list[Row], *, checked: bool = False) -> None:
        self.when, self.joined, self.unless = when, joined, unless
        self.problems = [p for row in (*when, *unless) if (p := row.problem())] if checked else []
        if checked and not when:
            self.problems = ["Add a condition."]

    @classmethod
    def posted(cls, post: Mapping[str, str], go: str) -> Rows:
        """The rows of a form, after the button that adds or removes one. A row whose fact was changed takes the usual operator."""
        groups = {group: cls._group(post, group, go) for group in ("when", "unless")}
        joined: Joined = "any" if post.get("joined") == "any" else "all"
        return cls(groups["when"], joined, groups["unless"], checked=True)

    @staticmethod
    def _group(post: Mapping[str, str], group: str, go: str) -> list[Row]:
        rows = []
        for n in range(MAX_ROWS):
            fact = post.get(f"{group}-{n}-fact")
            if fact is None:
                break
            if go == f"remove-{group}-{n}":
                continue
            operator = post.get(f"{group}-{n}-operator", "")
            keys = [comparison.key for comparison in comparisons_of(fact)]
            rows.append(Row(fact, operator if operator in keys else keys[0] if keys else "", post.get(f"{group}-{n}-value", "")))
        return [*rows, Row("", "")] if go == f"add-{group}" and len(rows) < MAX_ROWS else rows

    def words(self, do: str) -> str:
        """The rule as a sentence."""
        joint = " and " if self.joined == "all" else " or "
        when, unless = joint.join(map(_words, self.when)), " or ".join(map(_words, self.unless))
        sentence = f"{DONE.get(do, '')} mail if {when}{f', unless {unless}' if unless else ''}"
        return f"{sentence}{'' if sentence.endswith('…') else '.'}" if when else ""

    @property
    def groups(self) -> list[tuple[str, str, list[tuple[Row, list[Any], str, str]]]]:
        """(name, title, rows with their operators, what the fact says, and the problem) of each group."""
        return [
            (name, title, [(row, comparisons_of(row.fact), _says(row), row.problem() if self.problems else "") for row in rows])
            for name, title, rows in (("when", "When", self.when), ("unless", "Unless any of these is true", self.unless))
        ]


def _says(row: Row) -> str:
    return FACTS[row.fact].says if row.fact in FACTS else ""


def _words(row: Row) -> str:
    if row.problem():
        return "…"
    if row.operator == "yes" and (words := FACTS[row.fact].clause):
        return words
    return " ".join(filter(None, (row.fact, row.comparison.label, f"“{row.value}”" if row.comparison.takes else "")))
