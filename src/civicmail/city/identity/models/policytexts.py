"""Versions of the e-mail use policy, and who accepted them (P1)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person


class PolicyText(models.Model):
    """One version of the e-mail use policy (P1). material: people who accepted an older one must answer again."""

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField(help_text="plain text; empty lines part paragraphs, '# ' starts a heading")
    changed = models.TextField(blank=True, help_text="what is new, in words")
    sha256 = models.CharField(max_length=64)
    material = models.BooleanField(default=True)
    published = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["-version"]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class Acknowledgement(models.Model):
    """A person accepted or declined a version, as it was shown, at a time (P1). how: page, or paper with a clerk's reference."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="acknowledgements")
    text = models.ForeignKey(PolicyText, models.PROTECT, related_name="acknowledgements")
    accepted = models.BooleanField()
    shown = models.CharField(max_length=64, help_text="SHA-256 of the text shown")
    at = models.DateTimeField()
    how = models.CharField(max_length=8, default="page")
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return f"{self.person}: {self.text}"
