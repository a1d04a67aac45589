"""Acts on the public reading room: publish a release, let pass what the scan found, take a release down (P-21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Flag, Input, Number, Seen, Text
from civicmail.desk.records.acts.productions import OnProduction

if TYPE_CHECKING:
    from civicmail.desk.records.models import Production, Publication

_SCOPE = "write:records"
MAX_DAYS = 365


class PublicationPlan(Input):
    """title, summary: for everybody; days: after the release to the requester; with_request: whether the words of the request are
    shown."""

    title = Text(label="Title", help="Everybody reads it. It also makes the address, which never changes.", max_length=120, rows=1)
    summary = Text(label="Summary", help="What it is about, in a few sentences.", required=False, max_length=2000, rows=4)
    days = Number(
        label="Days after the release",
        help="The requester has it alone for so long. 0: as soon as the scan has passed.",
        minimum=0,
        maximum=MAX_DAYS,
        default=0,
    )
    with_request = Flag(label="Also show the words of the request")


class PublishRelease(OnProduction[PublicationPlan, "Publication"]):
    """Publish a release in the public reading room, after another scan for personal data."""

    name, permission, input = "publish_record_release", "records.work", PublicationPlan
    page = Page("records/requests/<slug:number>/productions/<int:production>/publish/", "records-publish")
    operation = Operation("/records/requests/{str:number}/productions/{int:production}/publish", _SCOPE, status=201)
    next_page = "records-publication"

    def perform(self, row: Production, given: PublicationPlan, *, actor: Actor, now: int) -> Publication:
        from civicmail.desk.records.actions import publications

        plan = publications.Plan(given.title, given.summary, given.days, with_request=given.with_request)
        return publications.plan(row, plan, actor=actor, now=now)

    def initial(self, row: Production) -> Mapping[str, Any]:
        return {"title": row.request.title}

    def message(self, row: Production, done: Publication) -> str:
        return "It is scanned, and then published on its day."

    def form_page(self, row: Production) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import production_page

        head = production_page.head(row, "Publish in the reading room?")
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, submit="Publish in the reading room",
            back=reverse("records-production", args=[row.request.number, row.number]),
            effects=[
                "Every released file is scanned once more for personal data. A finding stops the publication, and you decide.",
                "Then everybody can search, read and download it without an account, at an address that stays.",
            ],
            stays=["Who asked is not shown."],
        )  # fmt: skip


class _OnPublication[Given: Input](Act["Publication", Given, "Publication"]):
    """title, submit: of its form; effects: what changes; stop: whether the button is red."""

    permission = "records.work"
    model, related = "records.Publication", ("production__request", "by")
    title = submit = ""
    effects: tuple[str, ...] = ()
    stop = False

    def form_page(self, row: Publication) -> FormPage:
        from civicmail.desk.records.states import PUBLICATION
        from civicmail.desk.records.views import publication_page

        head = publication_page.head(row, self.title)
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=PUBLICATION[row.state], submit=self.submit,
            back=publication_page.url(row), effects=self.effects, stop=self.stop,
        )  # fmt: skip


class AnswerToScan(Input):
    """reason: at least 20 characters; state: as it was seen."""

    reason = Text(label="Why may everybody read it?", help="At least 20 characters. It stays in the history.", min_length=20)
    state = Seen()


class AllowFindings(_OnPublication[AnswerToScan]):
    """Let what the scan of a release found pass, so that it is published."""

    name, input = "allow_record_findings", AnswerToScan
    page = Page("records/reading-room/<int:pk>/allow/", "records-publication-allow")
    operation = Operation("/records/publications/{int:pk}/allow", _SCOPE)
    title, submit, stop = "Publish with what the scan found?", "Publish it", True
    effects = ("You looked at each place of the list, and everybody may read what is there.",)
    success_message = "It is scanned once more, and then published on its day."

    def perform(self, row: Publication, given: AnswerToScan, *, actor: Actor, now: int) -> Publication:
        from civicmail.desk.records.actions import publications

        return publications.allow(row, given.reason, actor=actor, now=now)


class TakenDown(Input):
    """reason: at least ten characters; state: as it was seen."""

    reason = Text(label="Why?", help="At least 10 characters. Its address shows this to everybody.", min_length=10)
    state = Seen()


class TakeDownRelease(_OnPublication[TakenDown]):
    """Take a release out of the public reading room at once."""

    name, input = "take_down_record_release", TakenDown
    page = Page("records/reading-room/<int:pk>/take-down/", "records-publication-take-down")
    operation = Operation("/records/publications/{int:pk}/take-down", _SCOPE)
    title, submit, stop = "Take it out of the reading room?", "Take it down", True
    effects = (
        "At once nobody finds it or downloads it there any more.",
        "Its address says when and why. Copies that others made are out of our reach.",
    )
    success_message = "It is out of the reading room."

    def perform(self, row: Publication, given: TakenDown, *, actor: Actor, now: int) -> Publication:
        from civicmail.desk.records.actions import publications

        return publications.take_down(row, given.reason, actor=actor, now=now)


PUBLISH, ALLOW, TAKE_DOWN = PublishRelease(), AllowFindings(), TakeDownRelease()
ON_PUBLICATION = (ALLOW, TAKE_DOWN)
ACTS: tuple[Act[Any, Any, Any], ...] = (PUBLISH, *ON_PUBLICATION)
