"""Answers to release requests: by kind one officer or two, with the checks run once more (P-02, P-19, P-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Seen, reason
from civicmail.desk.holding import release_states

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Release

MESSAGES = {
    "agreed": "You agreed. A second officer has to say so, too; nothing has gone yet.",
    "released": "It was checked once more, and goes now.",
    "kept": "It stays: the checks were made once more and found something else. Whoever asked is told.",
    "lapsed": "Nothing of it was kept back any more.",
    "refused": "It stays, and whoever asked is told why.",
}


class ReleaseAnswer(Input):
    """answer: yes or no; reason: for the requester, at least ten characters; state: of the request as seen."""

    answer = Choice(
        label="May it go?", radio=True, missing="Choose an answer.",
        choices=[("yes", "Yes, if the checks find nothing else"), ("no", "No, it stays")],
    )  # fmt: skip
    reason = reason("Why?", "At least 10 characters. Whoever asked reads it.", min_length=10)
    state = Seen()


class AnswerRelease(Act["Release", ReleaseAnswer, "Release"]):
    """Say whether it may go: the checks are made once more. By kind one officer, a privacy officer, or two; never whoever asked."""

    name, permission, input = "answer_release", "releases.see", ReleaseAnswer
    view_permission = "releases.see"
    operation = Operation("/releases/{int:id}/answer", "write:holding", page="release")

    model = "holding.Release"
    related = ("requester", "first", "person")

    def permission_of(self, row: Release, actor: Actor) -> str:
        return release_states.act_of(row.kind, row.state) or self.permission

    def resource(self, row: Release, actor: Actor) -> Resource:
        from civicmail.desk.holding import queries

        return queries.release_resource(row)

    def perform(self, row: Release, given: ReleaseAnswer, *, actor: Actor, now: int) -> Release:
        from civicmail.desk.holding.actions import release_requests

        return release_requests.answer(row, given.answer == "yes", actor=actor, reason=given.reason, now=now)

    def message(self, row: Release, done: Release) -> str:
        return MESSAGES[done.state]


ANSWER_RELEASE = AnswerRelease()
