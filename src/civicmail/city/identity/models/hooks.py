"""Deliveries of entries to webhooks, so that a restart neither loses nor repeats them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Hook(models.Model):
    """A webhook (oversight.webhook). position: every entry up to this id was delivered or left out; tries: of the entry that waits;
    due: ms of the next attempt; problem: why the last one failed; told: ms of the last delivery."""

    name = models.CharField(max_length=40, unique=True)
    position = models.BigIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    due = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    told = models.BigIntegerField(default=0)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return self.name


class HookTold(models.Model):
    """An entry above the position that was delivered or left out: transactions commit in any order, so a last id alone is not
    enough."""

    hook = models.ForeignKey(Hook, models.CASCADE, related_name="passed")
    entry = models.BigIntegerField()

    class Meta:
        app_label = "access"
        constraints: ClassVar = [models.UniqueConstraint(fields=["hook", "entry"], name="entry_told_once")]

    def __str__(self) -> str:
        return f"{self.hook}: {self.entry}"
