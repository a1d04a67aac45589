"""What was put aside for everybody is kept for some weeks, and like any other mail as soon as somebody wanted it (P-02, P-23)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.mail.archive import keyring
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.regroup import regroup
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from mail.archive.keeping import YEAR, adopt, claim, ids, integrate, names, seal
from mail.archive.making import NOW, UNSYNCED, capture, delivered, writer
from mail.archive.test_dispose import go, starter

DAY = 86_400_000


def put_aside(data: Path, *happened: tuple[Type, ...]) -> list[Capture]:
    """Under the schedules of the sample city: messages in quarantine, and what has happened to each since."""
    keyring.create(data, files=UNSYNCED)
    adopt(data, starter())
    w, made = writer(data), []
    for n, types in enumerate(happened):
        body = b"claim your prize %d" % n
        one = replace(capture(body, received=NOW + n, class_="quarantine"), dispositions=(Disposition(0, "quarantine", ("s",)),))
        w.receipt(one, body)
        for type_ in types:
            facts = {"reason": "r", "actor": "e-7"}
            w.event(delivered(one, NOW + 50) if type_ == Type.DELIVERED else Event(type_, one.id, NOW + 20 + n, (0,), facts))
        made.append(one)
    w.flush()
    w.close()
    integrate(data, signed=True)
    seal(data)
    claim(data)
    return made


@pytest.mark.rule(
    "P-02, P-23",
    "Quarantined mail has the retention of other mail once a copy of it was released or delivered, and is moved there.",
)
@pytest.mark.parametrize("went", [(Type.RELEASED, Type.DELIVERED), (Type.DELIVERED,)], ids=["on a word", "by another rule"])
def test_what_was_let_go_is_kept_like_any_other_mail(tmp_path: Path, went: tuple[Type, ...]) -> None:
    """For seven years, where what nobody wanted goes after ninety days; it moves there, too."""
    wanted, _ = put_aside(tmp_path, went, (Type.CANCELLED,))
    assert go(tmp_path, NOW + 90 * DAY - 1).gone == 0
    assert go(tmp_path, NOW + 90 * DAY + 10).gone == 1
    assert ids(tmp_path) == {wanted.id}
    with Sealer(tmp_path, UNSYNCED) as sealer:
        assert regroup(sealer, now=NOW + 91 * DAY, reason="compaction", files=UNSYNCED).moved == 1
        assert regroup(sealer, now=NOW + 92 * DAY, reason="again", files=UNSYNCED).moved == 0
    place = Store(tmp_path).place(wanted.id)
    assert place is not None and getattr(place.where, "class_", "") == "mail"
    assert "quarantine" not in {class_ for class_, _, _ in names(tmp_path)}
    assert go(tmp_path, NOW + 6 * YEAR).gone == 0


def test_what_still_waits_in_quarantine_stays_whatever_its_age(tmp_path: Path) -> None:
    """Somebody may still want it."""
    put_aside(tmp_path, ())
    assert go(tmp_path, NOW + 200 * DAY).kept == {"outstanding": 1}
