"""Reviews of the town: one that runs in Public Works, one whose deadline has passed, one that is planned, a mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.conduct.actions import review_schedule, review_start
from civicmail.city.conduct.models import Essential, Review, ReviewRow
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms
from pages.world import carry


def reviews(t: Any) -> dict[str, Any]:
    """Ids by name. The head of Public Works is asked; of the review that is over two rows are held back, and one failed."""
    runs = _begun(t, "everyone:runs", "everyone")
    over = _begun(t, "outside:over", "outside")
    planned = Review.objects.create(key="duties:2031-01-06", tier="duties", planned=t.now.date() + timedelta(days=20), by="tick")
    Review.objects.filter(pk=over.pk).update(state="over", deadline=t.now - timedelta(days=1))
    rows = list(ReviewRow.objects.filter(review=over).order_by("id"))
    ReviewRow.objects.filter(pk__in=[r.pk for r in rows]).update(state="stopped")
    ReviewRow.objects.filter(pk=rows[0].pk).update(state="failed", failure="The access is over.")
    box = Mailbox.objects.get(address="streets@city.example")
    mark = Essential.objects.create(mailbox=box, reason="Residents report broken roads there.", by="p-office", at=t.now)
    carry(t.now)
    mine = ReviewRow.objects.select_related("part").get(review=runs, person=t.people["crew0"])
    return {
        "review": runs.pk,
        "review over": over.pk,
        "review planned": planned.pk,
        "review row": mine.pk,
        "review part": mine.part.pk,
        "review failed": rows[0].pk,
        "essential": mark.pk,
    }


def _begun(t: Any, key: str, tier: str) -> Review:
    made = Review.objects.create(key=key, tier=tier, planned=t.now.date(), by="tick")
    return review_start.begin(made, actor=review_schedule.TICK, now=epoch_ms(t.now) - 1000)
