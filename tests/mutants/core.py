"""Which mutants every change plays; `make city` plays the others (docs/decisions/0103).

By what they take a rule from: promises 1 to 5 (docs/promises.md), the guard, what makes things durable, parsers of strangers'
bytes, the rules of the policy and the law of retention.
"""

from __future__ import annotations

from collections.abc import Iterable

PROMISES = {f"promise {n}" for n in range(1, 6)}
ROOMS = (
    *("core/disk/", "core/ledger/", "mail/archive/", "mail/replica/"),
    *("core/message/", "core/query/", "core/sandbox/", "core/wire/"),
    *("city/law/", "city/policy/"),
)
"""What is durable, parsers, law."""
GUARD = tuple(
    f"city/access/{name}.py"
    for name in (
        "acts", "bars", "credentials", "duties", "foureyes", "guard", "honest", "permits", "published", "scopes", "snapshot",
        "snapshotfile", "standing", "throttle", "whomay",
    )
)  # fmt: skip


def is_core(files: Iterable[str], clauses: Iterable[str]) -> bool:
    """files: below src/civicmail, of which the mutant changes some; clauses: of its row of docs/requirements.md."""
    return bool(PROMISES & set(clauses)) or any(file.removeprefix("src/civicmail/").startswith((*ROOMS, *GUARD)) for file in files)
