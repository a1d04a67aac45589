"""Acts by which an agency binds itself to a version of the policy: on paper, or by its contact (P-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Flag, Input, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.directory.models import Agency
    from civicmail.city.identity.models import PolicyText, Undertaking

_PATH = "/agencies/{slug:code}/undertakings"
_HOW = {"paper": "on paper", "contact": "by its contact", "before": "taken over from before"}


@dataclass(frozen=True, slots=True)
class Pledge:
    """An agency, and the version of the policy that binds agencies now."""

    agency: Agency
    text: PolicyText


class SignedPaper(Input):
    """reference: where the signed paper is kept."""

    reference = Text(
        label="Where is the signed paper?", help="Contract file and page, or its scan.", min_length=3, max_length=200, rows=1
    )


class Acceptance(Input):
    """answer: true binds the agency and its people; shown: the SHA-256 of the text that was read (`read_policy`)."""

    answer = Flag(label=_("I bind the agency and its people to these rules, and I may do so."), required=True)
    shown = Text(label="The SHA-256 of the text that was read.", hidden=True, max_length=64)


class _Pledging[Given: Input](Act[Pledge, Given, "Undertaking"]):
    def load(self, code: str, *, actor: Actor, now: int) -> Pledge:
        from django.http import Http404
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Agency
        from civicmail.city.identity.queries.undertakings import required_version

        agency, text = get_object_or_404(Agency, code=code), required_version(now)
        if text is None:
            raise Http404
        return Pledge(agency, text)


class RecordUndertaking(_Pledging[SignedPaper]):
    """Record a compliance agreement that an agency signed on paper, for the version in force."""

    name, permission, input = "record_undertaking", "undertaking.record", SignedPaper
    page = Page("access/agencies/<slug:code>/undertaking/", "undertaking")
    operation = Operation(_PATH, "write:people", status=201)
    success_message = "The undertaking is recorded."

    def perform(self, row: Pledge, given: SignedPaper, *, actor: Actor, now: int) -> Undertaking:
        from civicmail.city.identity.actions import undertakings

        return undertakings.record(row.agency, row.text, given.reference, actor=actor, now=now)

    def form_page(self, row: Pledge) -> FormPage:
        from django.urls import reverse

        from civicmail.city.identity.queries.undertakings import undertakings_of

        agency, back = row.agency, reverse("agency", args=[row.agency.code])
        bound = ", ".join(f"version {u.text.version} ({_HOW[u.how]})" for u in undertakings_of(agency)) or "nothing yet"
        return FormPage(
            title=f"Record a compliance agreement of {agency}", section="Agencies", submit="Record 1 undertaking",
            back=back, crumbs=[("Agencies", reverse("agencies")), (agency.name, back)], facts=[("Bound to", bound)],
            effects=[
                f"People of {agency} may use mail as far as each is authorized, until a newer version asks for a new signature."
            ],
        )  # fmt: skip


class GiveUndertaking(_Pledging[Acceptance]):
    """Sign the compliance agreement in force for the agency whose contact I am."""

    name, permission, input = "give_undertaking", "undertaking.give", Acceptance
    page = Page("agencies/<slug:code>/undertaking/", "undertaking-give")
    operation = Operation(f"{_PATH}/mine", "write:me", status=201)
    success_message = _("The agency is bound to this version.")

    def is_hidden(self, row: Pledge, actor: Actor, now: int) -> bool:
        from civicmail.city.identity.queries.undertakings import is_contact

        return not is_contact(row.agency, actor.uid)

    def initial(self, row: Pledge) -> Mapping[str, Any]:
        return {"shown": row.text.sha256}

    def perform(self, row: Pledge, given: Acceptance, *, actor: Actor, now: int) -> Undertaking:
        from civicmail.city.identity.actions import undertakings

        return undertakings.give(row.agency, row.text, given.shown, answer=given.answer, actor=actor, now=now)

    def form_page(self, row: Pledge) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.city.identity.queries.undertakings import undertakings_of
        from civicmail.city.identity.views.policy import blocks

        is_bound = row.text.version in {u.text.version for u in undertakings_of(row.agency)}
        return FormPage(
            title=gettext("Does {agency} accept the e-mail policy?").format(agency=row.agency), section=gettext("Policy"),
            submit=gettext("Bind the agency"), back=reverse("home"), template="conduct/undertaking.html",
            context={"blocks": blocks(row.text.text), "done": is_bound},
        )  # fmt: skip


RECORD_UNDERTAKING, GIVE_UNDERTAKING = RecordUndertaking(), GiveUndertaking()
