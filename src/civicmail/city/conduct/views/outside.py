"""Doors that are not ours: who gets in where, and is their access there really over? (P-08)"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.acts import About
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import Because, Somebody, long
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views import listing
from civicmail.city.access.views.asked import Asked, acting, may, require
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct import doorstates
from civicmail.city.conduct.actions import outside as verbs
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.conduct.queries import outside
from civicmail.city.directory.models import Person

LINES_MOST = 5000


class ADoor(forms.Form):
    """How another system is ended, and by whom."""

    person = Somebody(label="Who answers for it?", help_text="Personnel number or address. Ends accounts there, and confirms it.")
    hook = forms.ChoiceField(
        label="Is a program told?", required=False, help_text="Addresses of the settings. Without one, the person does it by hand."
    )
    days = forms.IntegerField(label="Within how many days must an end be confirmed?", initial=1, min_value=1, max_value=30)
    reason = long("Reason", "Who decided it, and why.", least=20)

    def __init__(self, hooks: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hook"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "No: by hand"), *((name, name) for name in hooks)]


class NewDoor(ADoor):
    """Another system."""

    name = forms.CharField(label="What is it called?", max_length=120, help_text="Microsoft 365, VPN, badge of City Hall …")
    field_order = ("name",)


class GivesAccess(forms.Form):
    """Several people at once, one a line."""

    people = forms.CharField(
        label="Who gets in?",
        help_text="One person a line: personnel number, a blank, and the name that they have there.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=400_000,
    )
    reason = long("Reason", "At least 20 characters. It is kept for ever.", least=20)

    def found(self) -> list[tuple[Person, str]]:
        """Raises Unusable with the first line that cannot be read."""
        lines = [line.split(None, 1) for line in self.cleaned_data["people"].splitlines() if line.strip()]
        if len(lines) > LINES_MOST:
            raise Unusable("Too many lines.", {"people": f"At most {LINES_MOST} lines."})
        people = {p.uid: p for p in Person.objects.filter(uid__in=[line[0] for line in lines])}
        for number, line in enumerate(lines, 1):
            if len(line) != 2 or line[0] not in people:
                said = "has no name behind the number" if len(line) != 2 else f"names {line[0][:60]!r}, whom nobody knows"
                raise Unusable("A line cannot be read.", {"people": f"Line {number} {said}."})
        return [(people[uid], login.strip()) for uid, login in lines]


@acting("outside.see")
def doors(request: Asked) -> HttpResponseBase:
    """Every system that people of the city get into besides ours."""
    require(request, "outside.see")
    found = listing.of(
        request,
        outside.doors(),
        caption="Doors that are not ours",
        columns=[
            Column("name", "Door", lambda d: Cell(d.name, reverse("outside-door", args=[d.code])), ("name",)),
            Column("how", "Ended by", lambda d: Cell(f"Told: {d.hook}" if d.hook else "By hand", hint=str(d.person)), ("hook",)),
            Column("people", "People", lambda d: d.people, ("people",), True, "people"),
            Column("waiting", "To be ended", lambda d: d.waiting or "", ("waiting",), True, "to be ended"),
            Column("late", "Late", lambda d: Cell(str(d.late), role="stop") if d.late else "", ("late",), name="late"),
            Column("closed", "Used", lambda d: Cell("no more", role="quiet") if d.closed else "", ("closed",)),
        ],
        filters=[Filter("q", "Words", lambda rows, value: rows.filter(name__icontains=value))],
        empty="No other system is known here. Add the ones that people get into, so that an end of access reaches them, too.",
        noun="doors",
        sort="name",
    )
    actions = [Action("Ends of access there", reverse("outside-endings"))]
    if may(request, "outside.change"):
        actions.insert(0, Action("Add a door", reverse("outside-new"), primary=True))
    return listing.shown(
        request, "access/list.html", found, {"page": Page("Which doors are not ours?", "Access office", actions=actions)}
    )


@acting("outside.change")
def new(request: Asked) -> HttpResponse:
    """A system is added."""
    require(request, "outside.change")
    form = NewDoor(sorted(outside.hooks()), request.POST or None)

    def verb() -> OutsideDoor:
        c = form.cleaned_data
        if c["person"] is None:
            raise Unusable("Say who answers for it.", {"person": "Say who."})
        return verbs.add_door(
            c["name"], person=c["person"], hook=c["hook"], days=c["days"], actor=request.actor, reason=c["reason"],
            now=ms(request.now),
        )  # fmt: skip

    return answered(
        request, form, verb, page=Page("Which door is not ours?", "Access office", _up()), back=_up()[0][1], template=FORM,
        submit="Add 1 door", note="Whoever's access ends here has to end there, too, and it counts when it is confirmed.",
        said=lambda made: f"{made} was added; say who gets in.", to=lambda made: reverse("outside-door", args=[made.code]),
    )  # fmt: skip


@acting("outside.change")
def change(request: Asked, code: str) -> HttpResponse:
    """Somebody else answers for a system, or it is told in another way."""
    require(request, "outside.change")
    row = get_object_or_404(OutsideDoor.objects.select_related("person"), code=code, closed__isnull=True)
    there = {"person": row.person.uid, "hook": row.hook, "days": row.days}
    form = ADoor(sorted(outside.hooks()), request.POST or None, initial=there)
    back = reverse("outside-door", args=[row.code])

    def verb() -> OutsideDoor:
        c = form.cleaned_data
        if c["person"] is None:
            raise Unusable("Say who answers for it.", {"person": "Say who."})
        return verbs.change_door(
            row, person=c["person"], hook=c["hook"], days=c["days"], actor=request.actor, reason=c["reason"], now=ms(request.now)
        )

    return answered(
        request, form, verb, page=Page(f"Who answers for {row}?", "Doors that are not ours", [*_up(), (row.name, back)]), back=back,
        template=FORM, submit="Change 1 door", note="What has to end there is theirs from now on.",
        said=lambda made: f"{made.person} answers for {made}.",
    )  # fmt: skip


def _up() -> list[tuple[str, str]]:
    return [("Doors that are not ours", reverse("outside-doors"))]


@acting("outside.see")
def door(request: Asked, code: str) -> HttpResponseBase:
    """Who gets into one system, and who did."""
    require(request, "outside.see")
    row = get_object_or_404(OutsideDoor.objects.select_related("person"), code=code)
    change = may(request, "outside.change") and row.closed is None
    columns = [
        Column("person", "Person", _account_cell, ("person__family", "person__given")),
        Column("login", "Called there", lambda a: Cell(a.login, full=True), ("login",)),
        Column("since", "Since", lambda a: a.since.date(), ("since",), name="since"),
        Column("ended", "Ended", lambda a: a.ended, ("ended",), name="ended"),
    ]
    if change:
        columns.append(Column("act", "", _take_cell))
    found = listing.of(
        request,
        row.accounts.all(),
        caption=f"People who get into {row}",
        columns=columns,
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(Q(person__display__icontains=value) | Q(login__icontains=value))),
            Filter(
                "state",
                "State",
                lambda rows, value: rows.filter(ended__isnull=value == "in"),
                [("in", "gets in"), ("ended", "ended")],
            ),
        ],
        empty=f"Nobody is known to get into {row}. Say who does, so that it ends with their access.",
        noun="people",
        sort="person",
        slim=lambda rows: rows.select_related("person", "episode__department", "door"),
    )
    state = ("quiet", "Used no more") if row.closed else None
    page = Page(row.name, "Doors that are not ours", _up(), state, _door_facts(row), _door_actions(row) if change else ())
    return listing.shown(request, "access/list.html", found, {"page": page})


def _door_facts(row: OutsideDoor) -> list[tuple[str, Any]]:
    how = f"Told: {row.hook}" if row.hook else "By hand"
    return [("Ended by", how), ("Answers for it", row.person), ("Confirmed within", f"{row.days} days")]


def _door_actions(row: OutsideDoor) -> list[Action]:
    return [
        Action("Say who gets in", reverse("outside-give", args=[row.code]), primary=True),
        Action("Change…", reverse("outside-change", args=[row.code])),
        Action("Close…", reverse("outside-close", args=[row.code])),
    ]


def _account_cell(account: OutsideAccount) -> Cell:
    where = account.episode.department
    return Cell(str(account.person), reverse("person", args=[where.code, account.person.uid]), hint=str(where))


def _take_cell(account: OutsideAccount) -> Cell:
    if account.ended is not None:
        return Cell()
    return Cell(f"End for {account.person}…", reverse("outside-take", args=[account.pk]))


@acting("outside.of-person")
def person(request: Asked, department: str, uid: str) -> HttpResponseBase:
    """What one person gets or got into besides ours."""
    where = department_of(department)
    require(request, "outside.of-person", About(department=where.code))
    who = get_object_or_404(Person, uid=uid)
    if not who.episodes.filter(department=where).exists():
        raise Http404
    columns = [
        Column("door", "Door", lambda a: Cell(str(a.door), hint=a.login), ("door__name",)),
        Column("since", "Since", lambda a: a.since.date(), ("since",), name="since"),
        Column("state", "State", _account_state),
        Column("ended", "Ended", lambda a: a.ended, ("ended",), name="ended"),
        Column("act", "", lambda a: _act_cell(request, a)),
    ]
    found = listing.of(
        request,
        outside.of_person(who),
        caption=f"Doors that are not ours, of {who}",
        columns=columns,
        empty=f"{who} is not known to get into any other system. The access office says who does.",
        noun="doors",
        sort="door",
        slim=lambda rows: rows.select_related("door__person", "person", "episode__department").prefetch_related("endings"),
    )
    crumbs = [
        (f"{where.name}: people", reverse("people", args=[where.code])),
        (str(who), reverse("person", args=[where.code, who.uid])),
    ]
    return listing.shown(request, "access/list.html", found, {"page": Page(f"What does {who} get into?", where.name, crumbs)})


def _act_cell(request: Asked, account: OutsideAccount) -> Cell:
    """Confirm the end that is under way, or say that somebody who stays does not get in any more."""
    for ending in account.endings.all():
        if ending.state in doorstates.OPEN:
            can = may(request, "outside.confirm", outside.about(ending))
            return Cell("Confirm the end…", reverse("outside-confirm", args=[ending.pk])) if can else Cell(str(account.door.person))
    return _take_cell(account) if may(request, "outside.give", about_person(account.person)) else Cell()


def _account_state(account: OutsideAccount) -> Cell:
    """By the end that is under way, if any."""
    ends = sorted(account.endings.all(), key=lambda e: e.pk)
    if ends:
        return _ending_state(ends[-1])
    return Cell("Ended", role="done") if account.ended else Cell("Gets in", role="plain")


@acting("outside.change")
def give(request: Asked, code: str) -> HttpResponse:
    """One person or thousands, one a line."""
    require(request, "outside.change")
    row = get_object_or_404(OutsideDoor, code=code)
    form = GivesAccess(request.POST or None)
    back = reverse("outside-door", args=[row.code])
    return answered(
        request, form,
        lambda: verbs.give(row, form.found(), actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"Who gets into {row}?", "Doors that are not ours", [*_up(), (row.name, back)]), back=back, template=FORM,
        submit="Add these people", said=lambda n: f"{n} more {'person gets' if n == 1 else 'people get'} into {row}.",
        note="This only says what is so there: it makes no account. It ends with the person's access here.",
    )  # fmt: skip


@acting("outside.change")
def close(request: Asked, code: str) -> HttpResponse:
    """A system is used no more."""
    require(request, "outside.change")
    row = get_object_or_404(OutsideDoor, code=code)
    form = Because(request.POST or None)
    back = reverse("outside-door", args=[row.code])
    return answered(
        request, form, lambda: verbs.close_door(row, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"Is {row} used no more?", "Doors that are not ours", [*_up(), (row.name, back)]), back=back,
        effects=["Nobody is told of ends of access there any more."], stays=["What was confirmed stays on record."],
        verb="Close 1 door", said=f"{row} is used no more.", to=_up()[0][1],
    )  # fmt: skip


@acting("outside.give")
def take(request: Asked, pk: int) -> HttpResponse:
    """Somebody who stays does not get in there any more."""
    account = get_object_or_404(OutsideAccount.objects.select_related("person", "door", "episode__department"), pk=pk)
    require(request, "outside.give", about_person(account.person))
    form = Because(request.POST or None)
    back = reverse("person", args=[account.episode.department.code, account.person.uid])
    return answered(
        request, form, lambda: verbs.take(account, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"Does {account.person} not get into {account.door} any more?", "Doors that are not ours"), back=back,
        effects=[f"The account {account.login} counts as ended there. End it there first."],
        stays=["Access to the city's mail stays as it is."], verb="End 1 account", said=f"{account.person}: {account.door} ended.",
    )  # fmt: skip


@acting("outside.see")
def endings(request: Asked) -> HttpResponseBase:
    """What has to end elsewhere: all of it for the office, one's own for whoever answers for a door."""
    rows = outside.endings()
    if not may(request, "outside.see"):
        rows = rows.filter(account__door__person__uid=request.actor.uid)
        if not OutsideDoor.objects.filter(person__uid=request.actor.uid).exists():
            require(request, "outside.see")

    def state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "waiting":
            return rows.filter(state__in=list(doorstates.OPEN))
        return rows.filter(state__in=list(doorstates.OPEN), overdue__isnull=False) if value == "late" else rows.filter(state=value)

    found = listing.of(
        request,
        rows,
        caption="Ends of access elsewhere",
        columns=[
            Column("person", "Person", lambda e: _ending_cell(request, e), ("account__person__family", "account__person__given")),
            Column("door", "Door", lambda e: Cell(str(e.account.door), hint=e.account.login), ("account__door__name",)),
            Column("state", "State", _ending_state, ("state",)),
            Column("due", "Due", lambda e: e.due, ("due",), name="due"),
            Column("done", "Confirmed", lambda e: Cell(e.done, hint=e.by) if e.done else "", ("done",), name="confirmed"),
        ],
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(account__person__display__icontains=value)),
            Filter(
                "state",
                "State",
                state,
                [("waiting", "not confirmed"), ("late", "late"), *((k, v[1]) for k, v in doorstates.SAID.items())],
            ),
        ],
        empty="Nothing has to end elsewhere.",
        noun="accounts",
        sort="due",
    )
    crumbs = _up() if may(request, "outside.see") else ()
    return listing.shown(
        request, "access/list.html", found, {"page": Page("What has to end elsewhere?", "Doors that are not ours", crumbs)}
    )


def _ending_cell(request: Asked, ending: OutsideEnding) -> Cell:
    can = ending.state in doorstates.OPEN and may(request, "outside.confirm", outside.about(ending))
    where = str(ending.account.episode.department)
    return Cell(str(ending.account.person), reverse("outside-confirm", args=[ending.pk]) if can else "", hint=where)


def _ending_state(ending: OutsideEnding) -> Cell:
    if ending.overdue and ending.state in doorstates.OPEN:
        return Cell("Late", role="stop", hint=ending.problem)
    role, words = doorstates.SAID[ending.state]
    return Cell(words, role=role, hint=ending.problem if ending.state in doorstates.OPEN else "")


@acting("outside.confirm")
def confirm(request: Asked, pk: int) -> HttpResponse:
    """Somebody looked there: it is ended."""
    row = get_object_or_404(outside.endings(), pk=pk)
    require(request, "outside.confirm", outside.about(row))
    form = Because(request.POST or None)
    account = row.account
    back = reverse("outside-endings")
    facts: list[tuple[str, Any]] = [("Called there", account.login), ("Access ended here", row.ending.when), ("Due", row.due)]
    if row.tries:
        facts.append(("Told", f"{row.tries} times{': ' + row.problem if row.problem else ''}"))
    page = Page(f"Has access of {account.person} to {account.door} ended?", "Doors that are not ours", facts=facts)
    return answered(
        request, form, lambda: verbs.confirm(row, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=page, back=back, verb="Confirm 1 end", said=f"{account.person}: the end at {account.door} is confirmed.",
        effects=["It counts as ended, in your name. Say in the reason what you saw there."],
        stays=["Nothing is changed in the other system: end it there first."],
    )  # fmt: skip
