"""Kinds of monthly counts by department (P-10, P-28). Pure."""

from __future__ import annotations

from typing import Literal

TallyKind = Literal[
    "files-approved",
    "files-refused",
    "files-records",
    "files-minutes",
    "confidential-encrypted",
    "confidential-held",
    "finding",
    "finding-reminded",
    "finding-confirmed",
    "release-asked",
    "release-let",
    "release-kept",
    "personal",
    "policy-people",
    "policy-accepted",
]
"""files: answers of managers, and for how many minutes those files had waited; confidential: messages, by what was done; finding:
made, and answered by a reminder or by two reviewers; release: requests for what was kept back; personal: messages with a sign of
personal use; policy: at the end of the month, people with mail, and those of them who had accepted the policy."""
