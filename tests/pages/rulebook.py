"""A rule book of the town: rules in every state, one that waits for an answer, an emergency, a replay, and how often rules hit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.oversight.models import Emergency, Hits, Replay, Version
from civicmail.desk.oversight.rule_replay import Tally

MATRIX = """[matrix]
policy = { inbound = "pending", internal = "deliver-again", outbound = "hold" }
clamav = { inbound = "hold", internal = "deliver-again", outbound = "later" }
"""


CHANGED = ("019ab0c4-7d2e-7a41-9c55-1f6a0e4b7d21", "fire", "deliver", "quarantine")


def text(id_: str, mode: str = "enforce", when: str = "inbound && files.active", do: str = "quarantine") -> str:
    """A rule as its author wrote it."""
    return f"""[[rule]]
id = "{id_}"
clause = "P-25"
owner = "Security office"
why = "Disk images come with attacks, and nobody here needs one by mail."
expires = 2199-12-31
severity = "high"
mode = "{mode}"
do = "{do}"
when = '{when}'
sender = "Files that act when they are opened are not taken."
reader = "It has a file that acts when it is opened."
ask = "the help desk"

[[rule.example]]
facts = {{ inbound = true, "files.active" = true }}
fits = true

[[rule.example]]
facts = {{ inbound = true }}
fits = false
"""


def rulebook(t: Any) -> dict[str, Any]:
    """Ids by name. author writes, second approves, security stops an attack."""
    day = timedelta(days=1)
    _version(t, "disk-images", 1, "replaced", t.now - 60 * day, mode="shadow", ended=t.now - 30 * day)
    acts = _version(t, "disk-images", 2, "active", t.now - 30 * day, approver=t.people["second"])
    _version(t, "disk-images", 3, "proposed", t.now - day, when="inbound && (files.active || files.macros)", proposed=t.now - day)
    _version(t, "own-words", 1, "active", t.now - 3 * day, mode="notify", when="files.active", do="hold")
    draft = _version(t, "own-words", 2, "draft", t.now - day, when="files.active", do="hold")
    _version(t, "sealed-files", 1, "tested", t.now - day)
    _version(t, "old-rule", 1, "expired", t.now - 90 * day, ended=t.now - day)
    at = t.now - 90 * day
    Version.objects.create(
        rule="fail-matrix", number=1, text=MATRIX, made=at, since=at, activated=at, state="active", clause="P-29",
        changed="Starter pack.",
    )  # fmt: skip
    for n in range(5):
        Hits.objects.create(rule="disk-images", day=(t.now - n * day).date(), how="enforce", copies=12 + n, overridden=n % 2)
    emergency = Emergency.objects.create(
        kind="domain", value="acme-pavlng.example", do="quarantine", officer=t.people["security"], at=t.now, until=t.now + day,
        reason="Invoices with new bank details, to nine departments.", ratify_by=t.now + day, touched=17,
    )  # fmt: skip
    tally = Tally(
        messages=240_112, copies=301_400, bare=12, besides=88, unsure=18, before=287, after=312, new=31, gone=6,
        departments={"fire": [12_004, 11, 13, 2, 0], "public-works": [40_110, 276, 299, 29, 6], "outside": [249_286, 0, 0, 0, 0]},
        days={f"2026-10-{d:02}": [8_000 + d, 9, 10] for d in range(1, 29)}, sample=[list(CHANGED)],
    )  # fmt: skip
    tally.outcomes.update({"deliver>quarantine": 31, "quarantine>deliver": 6})
    tally.with_.update({"executable": 4})
    tally.asked.update({"fire|2026-10-02": 2, "fire|2026-10-03": 1})
    replay = Replay.objects.create(
        version=acts,
        sha256="0" * 64,
        by=t.people["author"],
        first=epoch_ms(t.now - 31 * day),
        last=epoch_ms(t.now),
        asked=t.now,
        since=t.now,
        state="done",
        found=240_212,
        done=240_212,
        took=120_000,
        result=tally.plain(),
    )
    waiting = Replay.objects.create(
        version=acts,
        sha256="0" * 64,
        by=t.people["author"],
        first=epoch_ms(t.now - 31 * day),
        last=epoch_ms(t.now),
        asked=t.now,
        since=t.now,
    )
    return {"emergency": emergency.pk, "replay": replay.pk, "replay waiting": waiting.pk, "draft": draft.number}


def _version(t: Any, rule: str, number: int, state: str, at: Any, *, ended: Any = None, **more: Any) -> Version:
    wanted = {"mode": "enforce", "when": "inbound && files.active", "do": "quarantine"}
    wanted |= {name: more.pop(name) for name in list(wanted) if name in more}
    acted = {"activated": at} if state in ("active", "replaced", "expired") else {}
    return Version.objects.create(
        rule=rule, number=number, text=text(rule, **wanted), author=t.people["author"], authors=["p-author"], made=at, since=at,
        state=state, changed="Disk images too, because of what came in June.", clause="P-25", owner="Security office",
        severity="high", expires=(t.now + timedelta(days=300)).date(), ended=ended, mode=wanted["mode"], do=wanted["do"],
        reason="The council's committee asked for it." if state != "draft" else "", **acted, **more,
    )  # fmt: skip
