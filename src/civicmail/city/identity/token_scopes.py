"""Scopes of API tokens (P-07). Pure.

A scope grants nothing by itself: its user still needs the role, the office or the examination that the page requires.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _


@dataclass(frozen=True, slots=True)
class Scope:
    """words: what it is for; office: nothing that an employee without office or role could use."""

    words: Sentence
    _: KW_ONLY
    office: bool = False

    @property
    def needs_fresh_sign_in(self) -> bool:
        """Whether a scope allows changes or shows other people's mail: then making such a token needs a fresh sign-in."""
        return self.words.startswith(("Change", "Write", "Look"))


SCOPES: dict[str, Scope] = {
    "read:me": Scope(_("Read who I am, my access and my roles")),
    "write:me": Scope(_("Change what I have said to the policy")),
    "read:mail": Scope(_("Read my mail and what became of it")),
    "write:mail": Scope(_("Write mail as me, and report spam")),
    "read:files": Scope(_("Look at files that wait for an approval, and how mine stand")),
    "write:files": Scope(_("Change which files may leave: put up, answer, withdraw")),
    "read:people": Scope(_("Read departments, their people, agencies and contracts"), office=True),
    "write:people": Scope(_("Change departments, their people, agencies and contracts"), office=True),
    "read:access": Scope(_("Read who may use mail, and what was asked"), office=True),
    "write:access": Scope(_("Change who may use mail: ask, decide, suspend, resume, end"), office=True),
    "read:conduct": Scope(_("Read reviews, statements and who left"), office=True),
    "write:conduct": Scope(_("Change what departments answer: reviews, statements, who left"), office=True),
    "write:reviews": Scope(_("Change when reviews take place: start, remind, ask again, call off"), office=True),
    "read:violations": Scope(_("Read violations"), office=True),
    "write:violations": Scope(_("Write that a rule was broken")),
    "write:decisions": Scope(_("Change violations: name, find, decide, hear"), office=True),
    "read:mailboxes": Scope(_("Read mailboxes, addresses and lists"), office=True),
    "write:mailboxes": Scope(_("Change mailboxes, addresses and lists"), office=True),
    "read:duties": Scope(_("Read who has which role"), office=True),
    "write:duties": Scope(_("Change who has which role"), office=True),
    "read:policy": Scope(_("Read the policy and its versions")),
    "write:policy": Scope(_("Change the policy: publish a version, record a paper"), office=True),
    "read:entries": Scope(_("Read entries"), office=True),
    "write:entries": Scope(_("Write what an auditor says of a look"), office=True),
    "read:mandates": Scope(_("Read mandates, never content"), office=True),
    "write:mandates": Scope(_("Change mandates: ask, decide, close"), office=True),
    "read:content": Scope(_("Look at other people's mail under a mandate"), office=True),
    "write:exports": Scope(_("Look at other people's mail as files: order an export"), office=True),
    "read:records": Scope(_("Read requests for records, never content"), office=True),
    "write:records": Scope(_("Change requests for records: scope, decide, redact, release"), office=True),
    "read:retention": Scope(_("Read legal holds, schedules and what is due"), office=True),
    "write:retention": Scope(_("Change legal holds and schedules"), office=True),
    "read:rules": Scope(_("Read the rule book"), office=True),
    "write:rules": Scope(_("Change the rule book: write, propose, decide, stop an attack"), office=True),
    "read:holding": Scope(_("Read what rules keep back, findings, and accounts that are contained"), office=True),
    "write:holding": Scope(_("Change held mail: release, answer, lock and release an account"), office=True),
    "read:incidents": Scope(_("Look at reported mail, and at who has it"), office=True),
    "write:incidents": Scope(_("Change reported mail: answer, take back, put back"), office=True),
    "read:system": Scope(_("Read health, queue and trace"), office=True),
    "write:system": Scope(_("Change the queue: try again at once"), office=True),
}
"""Scope -> what it is for, in the order in which a form offers them."""


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Unknown scopes, in order."""
    return sorted(set(scopes) - SCOPES.keys())


def ordered(scopes: Iterable[str]) -> list[str]:
    """Each scope once, in the order of the table."""
    requested = set(scopes)
    return [scope for scope in SCOPES if scope in requested]
