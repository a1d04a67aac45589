"""States of cases and removals (P-31). Pure; pages take their words from here, actions their steps.

case: open -> right | genuine
pull: asked -> running | refused;  running -> done;  running, done -> undoing;  undoing -> undone
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

CaseState = Literal["open", "right", "genuine"]
PullState = Literal["asked", "refused", "running", "done", "undoing", "undone"]

ALONE_MOST = 50
"""Copies that one security officer takes back alone; more take a second one."""

CASES = labels("open", right="malicious", genuine="legitimate")
PULLS = labels(asked="pending", refused="denied", running="removing", done="removed", undoing="restoring", undone="restored")
MOVING = frozenset({"running", "undoing"})
UNDER_WAY = MOVING | {"asked"}
COPIES = labels(
    waits="removing", taken="removed", gone="deleted", elsewhere="external", stopped="canceled", nothing="absent", back="restored"
)
"""States of one copy; all but "waits" are outcomes of mail/courier/message_removal.py."""

CASE = StateTable[CaseState](
    [Transition("open", "right", "right", "report.answer"), Transition("open", "genuine", "genuine", "report.answer")],
    lambda state: f"Somebody was faster. How it stands now: {CASES[state][1]}.",
)
PULL = StateTable[PullState](
    [
        Transition("asked", "agree", "running", "pull.second"),
        Transition("asked", "refuse", "refused", "pull.second"),
        Transition("running", "finish", "done", "tick"),
        Transition("running", "undo", "undoing", "pull.undo"),
        Transition("done", "undo", "undoing", "pull.undo"),
        Transition("undoing", "finish", "undone", "tick"),
    ],
    lambda state: f"Somebody was faster. How it stands now: {PULLS[state][1]}.",
)


def comes_next(state: str, removable: int, aside: int, *, under_way: bool = False) -> Literal["answer", "pull", "undo", "none"]:
    """The act that a case waits for, the main one of its page. state: of CaseState; there: copies that could be taken back; aside:
    pulls of it that could be undone; under_way: one is being carried out, or waits for a second person."""
    if state == "open":
        return "answer"
    if state == "right":
        return "pull" if removable and not under_way else "none"
    return "undo" if aside else "none"


def begins(copies: int) -> PullState:
    """The state in which a pull of so many copies begins."""
    return "running" if copies <= ALONE_MOST else "asked"
