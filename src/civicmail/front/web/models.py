"""Rows that the pages keep for people: saved views, answers to repeated API requests."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person
from civicmail.city.identity.models import Token


class SavedView(models.Model):
    """A saved list: page (a path) and query; grants nothing. pinned: also on the home page."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=200)
    query = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=60)
    pinned = models.BooleanField(default=False)
    made = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "page", "name"], name="view_saved_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.page}?{self.query}" if self.query else self.page


class Answered(models.Model):
    """The stored response to an API request, so that a repetition is not done again. digest: SHA-256 of the request."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["token", "key"], name="answered_once")]

    def __str__(self) -> str:
        return self.key
