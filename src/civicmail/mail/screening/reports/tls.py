"""An SMTP TLS report from its JSON (RFC 8460 4). Pure; runs in the limited process."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from civicmail.core.sandbox.errors import DAMAGED, Unreadable
from civicmail.mail.screening.reports.shapes import Tls, TlsFailure, TlsPolicy, number, text

MAX_POLICIES, MAX_FAILURES = 200, 1_000


def read(content: bytes) -> Tls:
    """Parse a TLS report. Raises Unreadable if it is none."""
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable(DAMAGED) from None
    if not isinstance(plain, dict) or "policies" not in plain:
        raise Unreadable(DAMAGED)
    dates = _object(plain.get("date-range"))
    policies = _list(plain["policies"])
    return Tls(
        reporter=text(plain.get("organization-name")),
        id=text(plain.get("report-id")),
        begin=_seconds(dates.get("start-datetime")),
        end=_seconds(dates.get("end-datetime")),
        policies=tuple(_policy(_object(one)) for one in policies[:MAX_POLICIES]),
        cut=len(policies) > MAX_POLICIES,
    )


def _policy(plain: dict[str, Any]) -> TlsPolicy:
    policy, summary = _object(plain.get("policy")), _object(plain.get("summary"))
    return TlsPolicy(
        domain=text(policy.get("policy-domain")).lower(),
        kind=text(policy.get("policy-type")).lower(),
        good=number(summary.get("total-successful-session-count")),
        bad=number(summary.get("total-failure-session-count")),
        failures=tuple(_failure(_object(one)) for one in _list(plain.get("failure-details"))[:MAX_FAILURES]),
    )


def _failure(plain: dict[str, Any]) -> TlsFailure:
    return TlsFailure(
        kind=text(plain.get("result-type")).lower(),
        count=number(plain.get("failed-session-count")),
        mx=text(plain.get("receiving-mx-hostname")).lower(),
        address=text(plain.get("sending-mta-ip")),
        why=text(plain.get("failure-reason-code")) or text(plain.get("additional-information")),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _seconds(value: object) -> int:
    try:
        parsed = datetime.fromisoformat(text(value))
    except ValueError:
        return 0
    return max(0, int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()))
