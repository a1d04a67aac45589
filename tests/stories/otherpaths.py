"""Where a page of the matrix is about something for which its button was pressed already, or is never pressed in this town: the
same page about something else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.directory.models import FeedRun
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Mandate, MandateYear, Subject
from civicmail.city.identity.models import Device
from civicmail.desk.holding.held_copies import HeldCopies
from civicmail.desk.oversight.models import Version
from civicmail.desk.workbench.models import Export
from pages.everystate import again


def others(t: Any, data: Path) -> dict[str, str]:
    """Page -> path."""
    spam = next(c for c in HeldCopies(data).copies(epoch_ms(t.now)) if c.rules == ("spam-band",))
    t.person("late", "Lio", "Later", "public-works", "Crew Clerk", supervisor=t.people["super"])
    t.person("later", "Lou", "Latest", "public-works", "Crew Clerk", supervisor=t.people["super"])
    asked, refused = t.authorize("late", "asked"), t.authorize("later", "asked")
    approved = Mandate.objects.get(state="approved")
    planned = Review.objects.create(key="duties:2032-01-06", tier="duties", planned=t.now.date() + timedelta(days=50), by="tick")
    free = ReviewRow.objects.filter(state="open", part__reviewer=t.people["head"]).exclude(pk=t.objects["review row"])
    like = Version.objects.get(rule="disk-images", number=2)
    again(like, rule="one-more", number=1, text=like.text.replace("disk-images", "one-more"))
    tablet = Device.objects.create(person=t.people["crew0"], key="k7qm2xve", name="Tablet", mac="2" * 64, made=t.now)
    stopped = Export.objects.get(state="stopped")
    rows = iter([*free.values_list("pk", flat=True), *[t.objects["review row"]] * 4])
    return {
        "rule-edit": "/policy/rules/one-more/edit/",
        "feed-reject": f"/access/feeds/{FeedRun.objects.get(state='proposed').pk}/reject/",
        "leaver": "/dept/public-works/leavers/new/?person=p-crew8",
        "device-lost": f"/my/devices/{tablet.key}/lost/",
        **{f"mandate-export-{act}": f"/mandates/{t.objects['case']}/exports/{stopped.pk}/" for act in ("go-on", "stop")},
        "version-test": f"/policy/rules/own-words/{t.objects['draft']}/",
        "replay-stop": f"/policy/rules/disk-images/replays/{t.objects['replay waiting']}/",
        "duty-lay-down": "/duties/",
        "campaign-remind-one": f"/access/campaigns/{t.objects['review']}/",
        "review-rest": f"/dept/public-works/reviews/{t.objects['review']}/",
        "quarantine-release": f"/holding/quarantine/{spam.uuid}/{spam.index}/",
        "quarantine-together": f"/holding/quarantine/together/?row={spam.uuid}-{spam.index}",
        "approvals-together": f"/holding/approvals/together/?act=refuse&row={t.objects['approval']}",
        "requests-together": f"/dept/public-works/requests/together/?act=refuse&row={refused.pk}",
        "request-withdraw": f"/access/requests/{asked.pk}/withdraw/",
        "mandate-withdraw": f"/mandates/{_asked(t)}/withdraw/",
        "mandate-stop": f"/mandates/{approved.number}/stop/",
        "mailbox-close": "/access/mailboxes/printer@city.example/close/",
        "campaign-call-off": f"/access/campaigns/{planned.pk}/call-off/",
        **{f"review-{act}": f"/reviews/rows/{next(rows)}/{act}/" for act in ("end", "change", "not-mine", "unsure")},
    }


def _asked(t: Any) -> str:
    """One more mandate that waits."""
    year, like = MandateYear.objects.get(), Mandate.objects.get(number=t.objects["asked case"])
    year.last += 1
    year.save()
    row = again(like, number=f"{year.year % 100}-{year.last:03}")
    Subject.objects.create(mandate=row, person=like.subjects.get().person, since=t.now)
    return str(row.number)
