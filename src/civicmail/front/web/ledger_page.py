"""The page Ledger: what was signed, who cosigned it, and a copy for paper ("/oversight/ledger/"; promise 2, A2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpResponseBase

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing, qr
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import labels
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.ledger.notes import Checkpoint
from civicmail.front.checkup.completeness import last_days
from civicmail.front.checkup.witnesses import MAX_AGE_MS, key_of, status_of
from civicmail.front.web.system import installation

STATES = labels("queued", "behind", "verified", "failed")


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """One witness. key: as in the settings; state: one of STATES; entries: of the newest checkpoint that it cosigned;
    cosigned: when, None for never; problem: why not the last one."""

    name: str
    key: str
    state: str
    entries: int
    cosigned: datetime | None
    problem: str


def newest(data: Path) -> Checkpoint | None:
    """The newest signed checkpoint. Raises LedgerDamaged."""
    return checkpoints.latest(sequencer.folder(data))


def lines(data: Path, now: int) -> list[WitnessLine]:
    """The witnesses of the settings. now: epoch ms."""
    return [_line(data, witness.key, now) for witness in settings.CITY.archive.witness]


def _line(data: Path, text: str, now: int) -> WitnessLine:
    key = key_of(text)
    status = status_of(key).last(data)
    if status is None:
        return WitnessLine(key.name, text, "queued", 0, None, "")
    is_late = now - status.cosigned > MAX_AGE_MS
    state = "failed" if status.contradicts else "behind" if is_late or status.problem else "verified"
    cosigned = from_ms(status.cosigned) if status.cosigned else None
    return WitnessLine(key.name, text, state, status.size, cosigned, status.problem)


def _alone(note: str) -> str:
    """A checkpoint with the ledger's signature only: a picture of it stays coarse enough for paper."""
    return "\n".join(note.split("\n")[:6]) + "\n"


@acting("entries.see")
def ledger(request: CityRequest) -> HttpResponseBase:
    """Show the newest checkpoint, its text to keep on paper, and one row for each witness."""
    require(request, "entries.see")
    signed = newest(installation.data())
    table = listing.from_rows(
        request,
        [{"pk": line.name, "line": line} for line in lines(installation.data(), epoch_ms(request.now))],
        caption="Witnesses",
        columns=[
            Column("witness", "Witness", lambda r: r["line"].name),
            Column("state", "State", lambda r: STATES[r["line"].state]),
            Column("entries", "Entries", lambda r: r["line"].entries, num=True, name="entries"),
            Column("cosigned", "Cosigned", lambda r: r["line"].cosigned),
            Column("problem", "Last problem", lambda r: Cell(r["line"].problem or "none", full=True), name="last problem"),
            Column("key", "Public key", lambda r: Cell(r["line"].key, full=True), name="public key"),
        ],
        empty="No witness cosigns this ledger. Somebody outside of IT should run one: see Witnesses in the manual.",
        noun="witnesses",
    )
    facts = [("Entries", f"{signed.size:,}"), ("Signed", from_ms(signed.at))] if signed else []
    shown = {
        "page": Page("Ledger", "Oversight", facts=facts),
        "signed": signed,
        "days": last_days(installation.data(), epoch_ms(request.now)),
        "picture": qr.svg(_alone(signed.note), "The checkpoint, as a picture for a camera") if signed else "",
    }
    return listing.render_list(request, "ledger.html", table, shown)
