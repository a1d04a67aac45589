"""Replays of a version on past mail: order one, stop it (P-29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Input, Number, Seen, Text

if TYPE_CHECKING:
    from civicmail.desk.oversight.models import Replay, Version

_ROUTE, _PATH = "policy/rules/<slug:rule>/", "/rules/{slug:rule}"


class ReplayToOrder(Input):
    """days: 1, 7, 31, 92 or 366; query: by sizes, addresses and kinds of files, never by words of mail."""

    days = Number(
        label="Mail of which time?", default=31,
        choices=[(1, "The last day"), (7, "7 days"), (31, "31 days"), (92, "92 days"), (366, "A year")],
    )  # fmt: skip
    query = Text(
        label="Only some of it?", required=False, max_length=1000, rows=1,
        help="By size, addresses and kinds of files, as in a search: from:example.com larger:1M. Never by words of mail.",
    )  # fmt: skip


class ReplaySeen(Input):
    """state: as it was read."""

    state = Seen()


class ReplayRule(Act["Version", ReplayToOrder, "Replay"]):
    """Try a version on past mail; that mail is unaffected."""

    name, permission, input = "replay_rule", "rule.replay", ReplayToOrder
    page = Page(f"{_ROUTE}<int:number>/replay/", "rule-replay")
    operation = Operation(f"{_PATH}/versions/{{int:number}}/replay", "write:rules", status=201)
    success_message = "The replay waits for the worker."

    def load(self, rule: str, number: int, *, actor: Actor, now: int) -> Version:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.oversight.models import Version

        return get_object_or_404(Version, rule=rule, number=number)

    def initial(self, row: Version) -> Mapping[str, Any]:
        return {"days": ReplayToOrder.days.default}

    def perform(self, row: Version, given: ReplayToOrder, *, actor: Actor, now: int) -> Replay:
        from civicmail.desk.oversight.actions import replays

        return replays.order(row, given.query, now - given.days * DAY_MS, now, actor=actor, now=now)

    def after(self, done: Replay) -> str:
        return _url(done)

    def form_page(self, row: Version) -> FormPage:
        from civicmail.desk.oversight.acts.rules import version_url
        from civicmail.desk.oversight.views.rule_pages import crumbs

        return FormPage(
            title=f"Replay version {row.number} of {row.rule}", section=row.rule, submit="Replay it",
            back=version_url(row), crumbs=crumbs(row.rule),
            note="It is compared with the version that acts, both as if they were enforced. Nobody sees a message by this.",
        )  # fmt: skip


class StopReplay(Act["Replay", ReplaySeen, "Replay"]):
    """Stop a replay."""

    name, permission, input = "stop_replay", "rule.replay", ReplaySeen
    page = Page(f"{_ROUTE}replays/<int:pk>/stop/", "replay-stop")
    operation = Operation(f"{_PATH}/replays/{{int:id}}/stop", "write:rules")
    success_message = "The replay was stopped."

    def load(self, rule: str, pk: int, *, actor: Actor, now: int) -> Replay:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.oversight.models import Replay

        return get_object_or_404(Replay.objects.select_related("version", "by"), pk=pk, version__rule=rule)

    def perform(self, row: Replay, given: ReplaySeen, *, actor: Actor, now: int) -> Replay:
        from civicmail.desk.oversight.actions import replays

        return replays.stop(row, actor=actor, now=now)

    def button_page(self, row: Replay) -> str:
        return _url(row)


def _url(row: Replay) -> str:
    from django.urls import reverse

    return reverse("replay", args=[row.version.rule, row.pk])


REPLAY_RULE, STOP_REPLAY = ReplayRule(), StopReplay()
ACTS: tuple[Act[Any, Any, Any], ...] = (REPLAY_RULE, STOP_REPLAY)
