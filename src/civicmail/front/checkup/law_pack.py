"""Check that a law pack is in force, verified, and not about to end (P-21)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from civicmail.city.law import adopted, shipped
from civicmail.city.law.errors import NoPack
from civicmail.city.law.pack import ending, unconfirmed
from civicmail.front.checkup.findings import Finding, Installation

CHECK = "law"
SOON = timedelta(days=90)


def law_pack(p: Installation) -> Iterator[Finding]:
    """The pack in force; what of it ends soon. Raises NotVerified."""
    today = datetime.fromtimestamp(p.now / 1000, UTC).date()
    try:
        pack = adopted.last(p.data, today).pack
    except NoPack:
        text = "No public-records law was adopted: the records desk decides nothing."
        yield Finding(CHECK, "not-set-up", text, f"civicmail law adopt {shipped.OFFERED} --reason TEXT")
        return
    name = f"law pack {pack.name} {pack.version}"
    if pack.until < today:
        do = "Have counsel read it, give it a new version and civicmail law adopt FILE --reason TEXT."
        yield Finding(CHECK, "problem", f"The {name} ended on {pack.until}: it decides nothing.", do)
    elif ends := ending(pack, today, SOON):
        what = ", ".join(f"{table} {id_} on {until}" for table, id_, until in ends[:3])
        do = "Have counsel read them, give the pack a new version and civicmail law adopt FILE --reason TEXT."
        yield Finding(CHECK, "warning", f"Of the {name} ends: {what}{', …' if len(ends) > 3 else ''}.", do)
    else:
        count = len(unconfirmed(pack))
        yield Finding(CHECK, "ok", f"The {name} is in force until {pack.until}; counsel has yet to confirm {count} entries.")
