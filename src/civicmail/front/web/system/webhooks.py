"""The page Webhooks: lag and last problem of each ("/system/webhooks/"; P-16)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.actions.hooks import lag_ms, waiting
from civicmail.city.identity.models import Hook
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.front.web.formatting import span

SOON = 60_000
"""ms that an entry may wait before the page says so."""


@acting("system.see")
def hooks(request: CityRequest) -> HttpResponseBase:
    """One row for each webhook of the settings."""
    require(request, "system.see")
    now = epoch_ms(request.now)
    known = {row.name: row for row in Hook.objects.all()}
    rows = [_row(hook, known.get(hook.name), now) for hook in settings.CITY.oversight.webhook]
    listing_ = listing.from_rows(
        request,
        rows,
        caption="Programs that are told of entries",
        columns=[
            Column("name", "Name", lambda r: Cell(r["pk"], hint=r["url"])),
            Column("state", "State", lambda r: r["state"]),
            Column("acts", "Told of", lambda r: Cell(r["acts"], full=True), name="told of"),
            Column("waits", "Entries that wait", lambda r: r["waits"], num=True, name="entries that wait"),
            Column("lag", "The oldest waits", lambda r: _span(r["lag"]), name="the oldest waits"),
            Column("told", "Last taken", lambda r: r["told"], name="last taken"),
            Column("problem", "Last error", lambda r: Cell(r["problem"] or "none", full=True), name="last error"),
            Column("due", "Next try", lambda r: r["due"], name="next try"),
        ],
        empty="No program is told of entries. To tell one, add a table [[oversight.webhook]] to civicmail.toml, and start again.",
        noun="programs",
    )
    return listing.render_list(request, "pages/list.html", listing_, {"page": Page("Webhooks", "System")})


def _row(hook: Any, row: Hook | None, now: int) -> dict[str, Any]:
    plain = {"pk": hook.name, "url": hook.url, "acts": ", ".join(hook.acts) or "every act"}
    if row is None:
        return {**plain, "state": label("queued"), "waits": 0, "lag": 0, "told": None, "problem": "", "due": None}
    lag = lag_ms(row, now)
    state = label("failed" if row.problem else "behind" if lag > SOON else "active")
    due = from_ms(row.due) if row.problem and row.due > now else None
    delivered = from_ms(row.told) if row.told else None
    return {
        **plain,
        "state": state,
        "waits": waiting(row).count(),
        "lag": lag,
        "told": delivered,
        "problem": row.problem,
        "due": due,
    }


def _span(lag: int) -> str:
    return span(lag / 1000) if lag >= 1000 else ""
