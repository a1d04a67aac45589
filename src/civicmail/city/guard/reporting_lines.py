"""Reporting lines: who is above whom by supervision and by office (E3, AC-5). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReportingLines:
    """By uid: supervisor and department (code); by code: the department above, and head and deputies. A missing key means there is
    none."""

    supervisor: dict[str, str] = field(default_factory=dict)
    department: dict[str, str] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    offices: dict[str, frozenset[str]] = field(default_factory=dict)

    def above(self, uid: str) -> set[str]:
        """All superiors of this person: supervisors, their supervisors, and heads and deputies of the department and of all above
        it. Circles of supervision end."""
        superiors: set[str] = set()
        boss = self.supervisor.get(uid, "")
        while boss and boss not in superiors:
            superiors.add(boss)
            boss = self.supervisor.get(boss, "")
        seen: set[str] = set()
        code = self.department.get(uid, "")
        while code and code not in seen:
            seen.add(code)
            superiors |= self.offices.get(code, frozenset())
            code = self.parent.get(code, "")
        return superiors - {uid}

    def is_independent(self, uid: str, requester: str, subjects: Iterable[str]) -> bool:
        """Whether a person may be the second person: not the requester, nor a subordinate of the requester; not a subject, nor a
        superior or subordinate of one."""
        above = self.above(uid)
        if uid == requester or requester in above:
            return False
        return not any(uid == subject or subject in above or uid in self.above(subject) for subject in subjects)
