"""Acts on productions: order, stop, go on, approve or return as a second person, release (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Flag, Input, Seen, Several, Text
from civicmail.desk.records.production.plan import FORMATS

if TYPE_CHECKING:
    from civicmail.desk.records.models import Production, Request

_ONE, _PATH = "records/requests/<slug:number>/productions/", "/records/requests/{str:number}/productions"
_SCOPE = "write:records"


class ProductionOrder(Input):
    """formats: beside PDF and text; interim: also while something is still in review, which a later production releases."""

    formats = Several(
        label="Also as",
        help="PDF and text are always there.",
        choices=list(FORMATS.items()),
        required=False,
    )
    interim = Flag(label="Release now what is decided, and the rest later")


class OrderProduction(Act["Request", ProductionOrder, "Production"]):
    """Order a production of all that is decided; the worker makes it and checks every file."""

    name, permission, input = "order_production", "records.work", ProductionOrder
    model, key, related = "records.Request", "number", ("custodian",)
    page = Page(f"{_ONE}new/", "records-production-order")
    operation = Operation(_PATH, _SCOPE, status=201)

    def perform(self, row: Request, given: ProductionOrder, *, actor: Actor, now: int) -> Production:
        from civicmail.desk.records.actions import productions

        return productions.order(row, given.formats, interim=given.interim, actor=actor, now=now)

    def message(self, row: Request, done: Production) -> str:
        return f"Production {done.number} was ordered."

    def after(self, done: Production) -> str:
        return _page_of(done)

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import request_page

        back = reverse("records-productions", args=[row.number])
        head = request_page.page(row, "Order a production?", here=[("Productions", back)])
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, submit="Order the production", back=back,
            effects=[
                "Each document is made anew from what survives its redactions, and its pages are numbered.",
                "Every file, name and list is checked for what must not leave. If one fails, nothing leaves.",
                "Then somebody who reviewed nothing of this request approves exactly these files.",
            ],
            stays=["Nothing leaves before the release."],
        )  # fmt: skip


class ProductionSeen(Input):
    """state: as it was read."""

    state = Seen()


class ProductionDecision(Input):
    """decision: yes or no; reason: needed for a no; manifest: SHA-256 of the list of files as it was seen; state: as seen."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Approve exactly these files"), ("no", "Return it to review")],
    )  # fmt: skip
    reason = Text(label="Reason", help="Needed for a return, in at least 10 characters.", required=False)
    manifest = Text(label="The list of files as it was seen.", max_length=64, hidden=True)
    state = Seen(default="asked")


class ProductionStop(Input):
    """reason: at least ten characters; state: as it was seen."""

    reason = Text(label="Why?", help="At least 10 characters. It stays in the history.", min_length=10)
    state = Seen()


class OnProduction[Given: Input, Done](Act["Production", Given, Done]):
    """An act on a production, found by its number within a request."""

    def load(self, number: str, production: int, *, actor: Actor, now: int) -> Production:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Production

        rows = Production.objects.select_related("request__custodian", "by", "approved_by")
        return get_object_or_404(rows, request__number=number, number=production)


class DecideProduction(OnProduction[ProductionDecision, "Production"]):
    """Approve the files of a production, or return it to review, as a person who reviewed nothing of the request."""

    name, permission, input = "decide_production", "records.approve", ProductionDecision
    page = Page(f"{_ONE}<int:production>/decide/", "records-production-decide")
    operation = Operation(f"{_PATH}/{{int:production}}/decide", _SCOPE)

    def resource(self, row: Production, actor: Actor) -> Resource:
        from civicmail.desk.records.actions import productions

        return productions.about(row)

    def perform(self, row: Production, given: ProductionDecision, *, actor: Actor, now: int) -> Production:
        from civicmail.city.guard.errors import field_error
        from civicmail.desk.records.actions import productions

        if given.decision == "yes":
            return productions.approve(row, given.manifest, actor=actor, now=now)
        if len(given.reason.strip()) < 10:
            raise field_error("reason", "Write at least 10 characters: what must change?")
        return productions.give_back(row, given.reason.strip(), actor=actor, now=now)

    def initial(self, row: Production) -> dict[str, Any]:
        return {"manifest": row.manifest}

    def message(self, row: Production, done: Production) -> str:
        return f"Production {done.number} was {'approved' if done.state == 'approved' else 'returned to review'}."

    def form_page(self, row: Production) -> FormPage:
        from civicmail.desk.records.production.dispositions import equation
        from civicmail.desk.records.states import PRODUCTION
        from civicmail.desk.records.views import production_page

        back = _page_of(row)
        head = production_page.head(row, f"Approve production {row.number} of request {row.request.number}?")
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=PRODUCTION[row.state], back=back,
            submit="Save the decision",
            facts=[("Documents", row.total), ("Pages", row.last - row.first + 1), ("Files", row.files.count())],
            initial={"manifest": row.manifest},
            effects=[
                equation(row.balance) if row.balance else "",
                "Your approval is bound to exactly these files. It ends if a decision of the request changes.",
            ],
            stays=["Nothing leaves before an officer releases it."],
        )  # fmt: skip


class ReleaseProduction(OnProduction[ProductionSeen, "Production"]):
    """Release an approved production: its manifest is signed, and the requester can download it."""

    name, permission, input = "release_production", "records.work", ProductionSeen
    page = Page(f"{_ONE}<int:production>/release/", "records-production-release")
    operation = Operation(f"{_PATH}/{{int:production}}/release", _SCOPE)

    def perform(self, row: Production, given: ProductionSeen, *, actor: Actor, now: int) -> Production:
        from civicmail.desk.records.actions import productions
        from civicmail.desk.viewer.queries import installation

        return productions.release(row, data=installation(), actor=actor, now=now)

    def message(self, row: Production, done: Production) -> str:
        return f"Production {done.number} was released."

    def form_page(self, row: Production) -> FormPage:
        from civicmail.desk.records.states import PRODUCTION
        from civicmail.desk.records.views import production_page

        head = production_page.head(row, f"Release production {row.number} of request {row.request.number}?")
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=PRODUCTION[row.state],
            submit=f"Release {row.total:,} document{'' if row.total == 1 else 's'}", back=_page_of(row), stop=True,
            effects=[
                f"{row.approved_by} approved exactly these files." if row.approved_by else "Nobody approved it yet.",
                "The requester can download all of it by the link or the code of the receipt. It cannot be taken back.",
            ],
        )  # fmt: skip


class StopProduction(OnProduction[ProductionStop, "Production"]):
    """Stop a production; what was made stays for 14 days, and an approval ends."""

    name, permission, input = "stop_production", "records.work", ProductionStop
    page = Page(f"{_ONE}<int:production>/stop/", "records-production-stop")
    operation = Operation(f"{_PATH}/{{int:production}}/stop", _SCOPE)

    def perform(self, row: Production, given: ProductionStop, *, actor: Actor, now: int) -> Production:
        from civicmail.desk.records.actions import productions

        return productions.stop(row, given.reason, actor=actor, now=now)

    def message(self, row: Production, done: Production) -> str:
        return f"Production {done.number} was stopped."

    def form_page(self, row: Production) -> FormPage:
        from civicmail.desk.records.states import PRODUCTION
        from civicmail.desk.records.views import production_page

        head = production_page.head(row, f"Stop production {row.number} of request {row.request.number}?")
        return FormPage(
            title=head.h1, section=head.section, crumbs=head.crumbs, state=PRODUCTION[row.state], submit="Stop the production",
            back=_page_of(row), stays=["What was made stays for 14 days, so that it can go on.", "Its page numbers stay its own."],
        )  # fmt: skip


class ContinueProduction(OnProduction[ProductionSeen, "Production"]):
    """Go on with a production that was stopped, returned or blocked; it is made again where decisions changed."""

    name, permission, input = "continue_production", "records.work", ProductionSeen
    page = Page(f"{_ONE}<int:production>/continue/", "records-production-continue")
    operation = Operation(f"{_PATH}/{{int:production}}/continue", _SCOPE)
    success_message = "It goes on."

    def button_page(self, row: Production) -> str:
        return _page_of(row)

    def perform(self, row: Production, given: ProductionSeen, *, actor: Actor, now: int) -> Production:
        from civicmail.desk.records.actions import productions

        return productions.again(row, actor=actor, now=now)


def _page_of(row: Production) -> str:
    from django.urls import reverse

    return reverse("records-production", args=[row.request.number, row.number])


ORDER, DECIDE, RELEASE = OrderProduction(), DecideProduction(), ReleaseProduction()
STOP, CONTINUE = StopProduction(), ContinueProduction()
ACTS: tuple[Act[Any, Any, Any], ...] = (ORDER, DECIDE, RELEASE, STOP, CONTINUE)
