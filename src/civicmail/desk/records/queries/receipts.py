"""Find a request by what only its requester has: the receipt code, or the capability link."""

from __future__ import annotations

from django.core import signing

from civicmail.desk.records import receipts
from civicmail.desk.records.models import Request
from civicmail.desk.viewer.queries import installation

SALT = "records.status"
SECONDS = 2 * 3600
"""For which the address that follows a receipt code works."""


def by_code(code: str) -> Request | None:
    """The request with this receipt code, however it is spelled."""
    digest = receipts.code_digest(installation(), code)
    return Request.objects.filter(receipt=digest).first() if digest else None


def by_token(token: str) -> Request | None:
    """The request of a capability link, or of the address that follows a code."""
    row = Request.objects.select_related("custodian").filter(link=receipts.link_digest(installation(), token)).first()
    if row is not None:
        return row
    try:
        number = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return Request.objects.select_related("custodian").filter(number=number).first()


def token_of(row: Request) -> str:
    """The last part of an address that works for two hours, for who typed the code."""
    return signing.dumps(row.number, salt=SALT)
