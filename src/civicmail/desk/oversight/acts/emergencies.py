"""Acts on emergency rules: count, make, decide, end (P-25, P-29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Input, Number, Seen, Text, reason
from civicmail.desk.oversight import emergencies

if TYPE_CHECKING:
    from civicmail.desk.oversight.models import Emergency
    from civicmail.desk.oversight.rule_sample import Sample

SECTION = "Emergency rules"


class EmergencyToMake(Input):
    """kind: by what it is known, value: which one; do: refuse or quarantine; hours: 4, 24, 48 or 72; reason: what happens."""

    kind = Choice(
        label="By what is it known?", radio=True, missing="Choose one.",
        choices=[(code, f"{kind.name}. {kind.hint}") for code, kind in emergencies.KINDS.items()],
    )  # fmt: skip
    value = Text(label="Which one?", help="Exactly as it is in the mail.", max_length=emergencies.MAX_VALUE, rows=1)
    do = Choice(label="What is done with it?", radio=True, missing="Choose one.", choices=list(emergencies.DOS.items()))
    hours = Number(label="For how long?", default=24, choices=[(hours, f"{hours} hours") for hours in (4, 24, 48, 72)])
    reason = reason("What happens?", "At least 10 characters. A second person reads it, and it is kept for ever.", min_length=10)


class _Making[Done](Act[None, EmergencyToMake, Done]):
    permission, input = "emergency.make", EmergencyToMake
    from_link = ("kind", "value", "do", "reason")

    def initial(self, row: None) -> Mapping[str, Any]:
        return {"hours": EmergencyToMake.hours.default}


class CountEmergency(_Making["Sample"]):
    """Count what it would have stopped in the last days. Stops nothing."""

    name = "count_emergency"
    operation = Operation("/emergencies/count", "write:rules", page="emergency-new")

    def perform(self, given: EmergencyToMake, *, actor: Actor, now: int) -> Sample:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.count(given.kind, given.value, given.do, actor=actor, now=now)


class MakeEmergency(_Making["Emergency"]):
    """Make an emergency rule for some hours, in force at once; its count is stored, and a second person decides afterwards."""

    name = "make_emergency"
    operation = Operation("/emergencies", "write:rules", page="emergency-new", status=201)

    def perform(self, given: EmergencyToMake, *, actor: Actor, now: int) -> Emergency:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.count_and_make(given.kind, given.value, given.do, given.hours, actor=actor, reason=given.reason, now=now)


class EmergencyAnswer(Input):
    """decision: approve, it was right, or refuse; ratified: as it was seen."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("approve", "It was right: it acts until its end"), ("refuse", "It was wrong: it ends now")],
    )  # fmt: skip
    reason = reason(help="At least 10 characters. Its author reads it, and it is kept for ever.", min_length=10)
    ratified = Seen(label="Whether it was ratified, as it was seen.", default="due")


class EmergencyEnd(Because):
    """reason: in at least ten characters."""

    reason = reason(help="At least 10 characters.", min_length=10)


class _OnEmergency[Given: Input](Act["Emergency", Given, "Emergency"]):
    model, related = "oversight.Emergency", ("officer", "approver")

    def resource(self, row: Emergency, actor: Actor) -> Resource:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.resource(row)

    def state(self, row: Emergency) -> str:
        return row.ratified


class DecideEmergency(_OnEmergency[EmergencyAnswer]):
    """Decide, as a second person, whether it was right."""

    name, permission, input = "decide_emergency", "emergency.decide", EmergencyAnswer
    page = Page("policy/emergencies/<int:pk>/decide/", "emergency-decide")
    operation = Operation("/emergencies/{int:id}/decide", "write:rules")
    success_message = "Your answer is recorded."

    def perform(self, row: Emergency, given: EmergencyAnswer, *, actor: Actor, now: int) -> Emergency:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.decide(row, given.decision == "approve", actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Emergency) -> FormPage:
        return FormPage(
            title=f"Confirm {row}?", section=SECTION, submit="Record decision", back=_url(row), crumbs=crumbs(),
            effects=[
                f"{emergencies.KINDS[row.kind].name}: {row.value}",
                f"By {row.officer}: “{row.reason}”",
                f"It would have stopped {row.touched:,} messages of the days before.",
            ],
            stays=["Nothing makes it longer than it is."],
        )  # fmt: skip


class StopEmergency(_OnEmergency[EmergencyEnd]):
    """End it early, as its author or as a second person."""

    name, permission, input = "stop_emergency", "rules.see", EmergencyEnd
    page = Page("policy/emergencies/<int:pk>/stop/", "emergency-stop")
    operation = Operation("/emergencies/{int:id}/stop", "write:rules")
    success_message = "It has ended."

    def permission_of(self, row: Emergency, actor: Actor) -> str:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.stop_permission(row, actor)

    def perform(self, row: Emergency, given: EmergencyEnd, *, actor: Actor, now: int) -> Emergency:
        from civicmail.desk.oversight.actions import emergencies

        return emergencies.stop(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: Emergency) -> FormPage:
        held = ["What it has kept back goes on through the checks."] if row.do == "quarantine" else []
        return FormPage(
            title=f"End {row} now?", section=SECTION, submit="End 1 emergency rule now", back=_url(row), crumbs=crumbs(),
            effects=["Mail that it stopped comes in again.", *held],
        )  # fmt: skip


def crumbs() -> list[tuple[str, str]]:
    """The pages above each page of an emergency rule."""
    from django.urls import reverse

    return [("Rules", reverse("rules")), (SECTION, reverse("emergencies"))]


def _url(row: Emergency) -> str:
    from django.urls import reverse

    return reverse("emergency", args=[row.pk])


COUNT_EMERGENCY, MAKE_EMERGENCY = CountEmergency(), MakeEmergency()
DECIDE_EMERGENCY, STOP_EMERGENCY = DecideEmergency(), StopEmergency()
ACTS: tuple[Act[Any, Any, Any], ...] = (DECIDE_EMERGENCY, STOP_EMERGENCY)
