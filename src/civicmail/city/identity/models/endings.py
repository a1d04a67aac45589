"""Access that ends, step by step (L1)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Episode, Person


class Ending(models.Model):
    """One end_access: the employment, the reason, the time. Its steps are rows of EndingStep; it is done when all of them are
    (L1)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="endings")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="endings")
    reason = models.CharField(max_length=400)
    when = models.DateTimeField()
    successor = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.CharField(max_length=120)
    asked = models.DateTimeField()
    done = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["episode"], name="one_ending_of_an_episode")]

    def __str__(self) -> str:
        return f"{self.person}, {self.when:%Y-%m-%d %H:%M}"


class EndingStep(models.Model):
    """One step: when it was done, and how many it ended: sessions, devices, tokens, authorizations, grants, roles, approvals,
    snapshot."""

    ending = models.ForeignKey(Ending, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=24)
    count = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["ending", "step"], name="step_once")]

    def __str__(self) -> str:
        return self.step
