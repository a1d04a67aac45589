"""States of cases and removals (P-31). Pure; pages take their words from here, actions their steps.

case: open -> right | genuine
pull: asked -> running | refused;  running -> done;  running, done -> undoing;  undoing -> undone
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition

CaseState = Literal["open", "right", "genuine"]
PullState = Literal["asked", "refused", "running", "done", "undoing", "undone"]

ALONE_MOST = 50
"""Copies that one security officer takes back alone; more take a second one."""

CASES = {
    "open": ("wait", "Waits for an answer"),
    "right": ("warn", "It was right to report it"),
    "genuine": ("done", "It is genuine"),
}
PULLS = {
    "asked": ("wait", "Waits for a second person"),
    "refused": ("quiet", "Refused"),
    "running": ("wait", "Copies are taken back"),
    "done": ("done", "Taken back"),
    "undoing": ("wait", "Copies are put back"),
    "undone": ("quiet", "Undone"),
}
UNDER_WAY = frozenset({"asked", "running", "undoing"})
COPIES = {
    "waits": ("wait", "Waits"),
    "taken": ("lock", "Taken back"),
    "gone": ("lock", "Its owner had removed it"),
    "elsewhere": ("warn", "Lies in another system"),
    "stopped": ("lock", "Stopped on its way"),
    "nothing": ("quiet", "There is no such copy"),
    "back": ("done", "Put back"),
}
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
