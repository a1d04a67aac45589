"""Collect the evidence of a review from its rows and from the ledger entries it rests on (R14)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.template.loader import render_to_string
from django.utils import timezone, translation

from civicmail.city.conduct import evidence_file
from civicmail.city.conduct.evidence_file import Evidence
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import entry_proofs
from civicmail.city.conduct.review_item_states import ANSWERS, WORDS
from civicmail.city.conduct.review_plans import FAST_PER_MINUTE, PLANS, keeps_per_minute
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry

_ROWS = (
    "row", "part", "department", "person", "name", "what", "of", "exceptions", "changed", "state", "answer", "reason", "by", "at",
    "late", "together", "until", "carried", "checked", "failure", "handed on",
)  # fmt: skip
_PARTS = (
    "part", "department", "reviewer", "name", "as", "turn", "joined", "joined at", "replaced at", "stood in", "until", "because",
    "rows", "kept", "ended", "changed", "without answer",
)  # fmt: skip


def evidence(review: Review, style: str = evidence_file.STYLE) -> Evidence:
    """Questions and answers, identical each time once the review is closed. A fixed number of queries. style: of the report."""
    rows = list(ReviewRow.objects.filter(review=review).select_related("person", "department", "by").order_by("id"))
    parts = list(
        ReviewPart.objects.filter(review=review).select_related("department", "reviewer", "joined", "delegate").order_by("id")
    )
    steps = list(ReviewStep.objects.filter(review=review).order_by("id"))
    counts = {
        "rows": len(rows),
        **Counter(f"state {r.state}" for r in rows),
        **Counter(f"answer {r.answer}" for r in rows if r.answer),
    }
    fast = speeds(rows)
    files = {
        "definition.json": orjson.dumps(_definition(review), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS),
        "questions.jsonl": b"".join(question(r) for r in rows),
        "rows.csv": evidence_file.table(_ROWS, map(_row, rows)),
        "reviewers.csv": evidence_file.table((*_PARTS, "most keeps a minute"), _parts(parts, rows, fast)),
        "log.csv": evidence_file.table(("at", "step", "by", "to", "words", "part", "row"), map(_step, steps)),
    }
    shown = {"review": review, "name": PLANS[review.tier].name, "rows": [_shown(r) for r in rows], "parts": parts, "steps": steps}
    shown |= {
        "counts": counts,
        "fast": [(uid, n) for uid, n in sorted(fast.items()) if n > FAST_PER_MINUTE],
        "fast_most": FAST_PER_MINUTE,
    }
    with timezone.override(UTC), translation.override("en"):
        name = f"Access review: {shown['name']}"
        files["report.html"] = evidence_file.page(name, render_to_string("conduct/evidence.html", shown), style)
    return Evidence(files, counts)


def as_closed(review: Review) -> Evidence:
    """The evidence whose checksum the ledger has: reports of reviews that were closed before reports had a look are without one."""
    made = evidence(review)
    if not review.digest or evidence_file.digest(made.files) == review.digest:
        return made
    return evidence(review, style="")


def stamp(review: Review) -> str:
    """Another one whenever a row that the evidence is made of is another; three queries, and no page is made."""
    digest = hashlib.sha256()
    for model in (ReviewRow, ReviewPart, ReviewStep):
        for values in model._default_manager.filter(review=review).order_by("id").values_list():
            digest.update(repr(values).encode())
    return digest.hexdigest()


def question(row: ReviewRow) -> bytes:
    """One question as a line; the checksum of all lines is in the entry that began the review."""
    plain = [row.right_id or 0, row.role_id or 0, row.asked, row.exceptions]
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS) + b"\n"


def speeds(rows: Iterable[ReviewRow]) -> dict[str, int]:
    """The highest number of keeps within a minute, by reviewer (uid); keeping together is one act and does not count (R14)."""
    times: dict[str, list[int]] = {}
    for row in rows:
        if row.answer == "keep" and not row.bulk and row.by is not None and row.at is not None:
            times.setdefault(row.by.uid, []).append(epoch_ms(row.at))
    return {uid: keeps_per_minute(at) for uid, at in times.items()}


def file(review: Review, data: Path | None, city: str) -> bytes:
    """The zip. data: the folder of the installation, whose ledger proves the entries; None, or while not all is signed: without
    proofs."""
    made = as_closed(review)
    about = {
        "key": review.key,
        "name": PLANS[review.tier].name,
        "city": city,
        "closed": _stamp(review.closed),
        "snapshot": review.snapshot,
    }
    heads = entry_proofs.heads(Entry.objects.filter(object=f"review:{review.pk}"))
    proofs = entry_proofs.proofs(data, heads) if data is not None else []
    return evidence_file.pack(made, about, [head for _, _, head in heads], proofs)


def _definition(review: Review) -> dict[str, Any]:
    return {
        "key": review.key,
        "tier": review.tier,
        "cause": review.cause,
        "round": review.round,
        "planned": review.planned.isoformat(),
        "started": _stamp(review.started),
        "deadline": _stamp(review.deadline),
        "by": review.by,
        "reason": review.reason,
        "snapshot": review.snapshot,
        "definition": review.definition,
    }


def _row(r: ReviewRow) -> tuple[object, ...]:
    return (
        r.pk, r.part_id, r.department.code, r.asked["uid"], r.asked["name"], r.asked["what"],
        r.asked.get("mailbox") or r.asked.get("duty", ""), " ".join(r.exceptions), "yes" if r.changed else "", r.state, r.answer,
        r.reason, r.by.uid if r.by else "", _stamp(r.at), "yes" if r.late else "", "yes" if r.bulk else "", _stamp(r.promised),
        _stamp(r.carried), _stamp(r.checked), r.failure, r.hops,
    )  # fmt: skip


def _parts(parts: list[ReviewPart], rows: list[ReviewRow], fast: dict[str, int]) -> Iterable[tuple[object, ...]]:
    by_part: dict[int, Counter[str]] = {}
    for r in rows:
        counts = by_part.setdefault(r.part_id, Counter())
        counts["rows"] += 1
        counts[r.answer if r.by_id is not None else "none"] += 1
    for p in parts:
        counts = by_part.get(p.pk, Counter())
        reviewer = p.reviewer.uid if p.reviewer else ""
        yield (
            p.pk, p.department.code, reviewer, p.named, p.role, p.turn, p.joined.uid if p.joined else "", _stamp(p.joined_at),
            _stamp(p.replaced), p.delegate.uid if p.delegate else "", _stamp(p.delegate_until), p.delegate_why, counts["rows"],
            counts["keep"], counts["revoke"], counts["change"], counts["none"], fast.get(reviewer, 0),
        )  # fmt: skip


def _step(s: ReviewStep) -> tuple[object, ...]:
    return (_stamp(s.at), s.step, s.by, s.to, s.words, s.part_id, s.row_id)


def _shown(r: ReviewRow) -> dict[str, Any]:
    of = r.asked.get("mailbox") or r.asked.get("duty_name", "")
    words = ANSWERS.get(r.answer, "") or WORDS[r.state][1]
    return {
        "name": r.asked["name"],
        "of": of,
        "answer": words,
        "state": WORDS[r.state][1],
        "row": r,
        "by": r.by.uid if r.by else "",
    }


def _stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else ""
