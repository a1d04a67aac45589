"""The gate of a request: only what its scope covers can be read, and what could not be searched and might be covered (P-21)."""

from __future__ import annotations

from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.permits import Permit
from civicmail.core.query.match import matches
from civicmail.core.query.tree import View
from civicmail.desk.viewer.queries import installation
from civicmail.desk.workbench.scope import Gate
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.unsearched import might_match


def gate_of(mandate: Mandate, archive: Archive, permit: Permit, now: int) -> Gate:
    """The gate. mandate: of queries/requests.mandate_of; permit: of actions/content.under; now: ms."""
    covers = mandate.scope.matcher(now)
    possible = might_match(mandate.scope.tree(now))

    def may_be_meant(view: View) -> bool:
        return covers(view) or (view["unreadable"] > 0 and matches(possible, view))

    return Gate(installation(), archive, permit, mandate, now, may_be_meant)
