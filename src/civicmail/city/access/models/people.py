"""Who may: sign-ins, authorisations with their reasons, duties, acknowledgements, devices, and the entries that none of it
escapes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from civicmail.city.directory.models import Department, Episode, Mailbox, Person


class Accounts(BaseUserManager["Account"]):
    """Sign-ins are found by what people type, whatever the case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """The one sign-in of one person (S1). epoch: every session and token of an older one is refused at its next request (L2).
    locked: since when nobody gets in until an officer releases it (AC-7). letter_keys: letters are keys on the pages that know some
    (WCAG 2.1.4: only where they were switched on)."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="account")
    username = models.CharField(max_length=120, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    epoch = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    locked = models.DateTimeField(null=True, blank=True)
    made = models.DateTimeField()
    letter_keys = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = Accounts()

    is_staff = False
    is_superuser = False

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return self.person.display

    def has_usable_password(self) -> bool:
        """An empty one was never set; Django would call it usable."""
        return bool(self.password) and super().has_usable_password()


class Profile(models.Model):
    """The four reasons of P-04, written once for everybody in a position; a new text is a new version."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="profiles")
    position = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    duties = models.TextField()
    performance = models.TextField()
    efficiency = models.TextField()
    service = models.TextField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["department", "position", "version"], name="profile_version_once")]

    def __str__(self) -> str:
        return f"{self.position}, version {self.version}"


class Authorisation(models.Model):
    """The right of one person to one mailbox, with the four reasons in writing (P-04, M2). state: see states.py."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="authorisations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="authorisations")
    episode = models.ForeignKey(Episode, models.PROTECT, related_name="authorisations")
    department = models.ForeignKey(Department, models.PROTECT, related_name="authorisations", help_text="owner when it was asked")
    role = models.CharField(max_length=10, default="holder")  # holder, delegate, successor
    profile = models.ForeignKey(Profile, models.PROTECT, null=True, blank=True, related_name="authorisations")
    duties = models.TextField()
    performance = models.TextField()
    efficiency = models.TextField()
    service = models.TextField()
    requester = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    approver = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    starts = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField()
    state = models.CharField(max_length=10, default="asked", db_index=True)
    since = models.DateTimeField(help_text="in this state")
    why = models.CharField(max_length=400, blank=True, help_text="of the last change of state")
    cost = models.PositiveIntegerField(default=0, help_text="cents a year")

    class Meta:
        ordering: ClassVar = ["-asked"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailbox", "person", "department"],  # of a mover the old one's and the new one's for a while (M6)
                condition=Q(state__in=["asked", "approved", "active", "suspended"]),
                name="one_living_authorisation",
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | (~Q(approver=F("person")) & ~Q(approver=F("requester"))),
                name="approver_is_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.mailbox}"


class PersonalUse(models.Model):
    """What incidental personal use a department allows, to whom, until when (P-10); without a row there is none."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="personal_use")
    position = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="personal_use")
    limits = models.TextField(help_text="in words")
    starts = models.DateField()
    until = models.DateField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.department}: {self.person or self.position or 'all'}"


class PolicyText(models.Model):
    """One version of the e-mail use policy as people accept it (P1). material: who accepted an older one is asked again."""

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


class DutyGrant(models.Model):
    """A person holds a duty (duties.py), for a department where it is one of a department's, from a time until another (D1)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="duties")
    duty = models.CharField(max_length=24)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="duty_grants")
    starts = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=400)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(until__gt=F("starts")), name="duty_ends")]

    def __str__(self) -> str:
        return f"{self.person}: {self.duty}"


class ConflictRecord(models.Model):
    """Two duties that exclude each other are held by one person all the same, with what watches over it and an end (D3)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="conflicts")
    first = models.CharField(max_length=24)
    second = models.CharField(max_length=24)
    control = models.TextField(help_text="the compensating control")
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.first} and {self.second}"


class DutyUse(models.Model):
    """A privileged duty is taken up, with a reason, for at most four hours (D4)."""

    grant = models.ForeignKey(DutyGrant, models.PROTECT, related_name="uses")
    reason = models.CharField(max_length=400)
    at = models.DateTimeField()
    until = models.DateTimeField()
    laid_down = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.grant}, {self.at:%Y-%m-%d %H:%M}"


class Device(models.Model):
    """A device password: known by its keyed HMAC alone, shown once. Of a person, or of a service mailbox (a machine, S1)."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="devices")
    machine = models.ForeignKey(Mailbox, models.PROTECT, null=True, blank=True, related_name="devices")
    key = models.CharField(max_length=12, unique=True, help_text="its public id, in envelopes and entries")
    name = models.CharField(max_length=80)
    mac = models.CharField(max_length=64)
    made = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    used = models.DateTimeField(null=True, blank=True)
    used_from = models.CharField(max_length=45, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, machine__isnull=True) | Q(person__isnull=True, machine__isnull=False),
                name="device_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """A link by which a person sets the first passkey or password, or new ones after a loss: once, for 72 hours; known by its keyed
    HMAC. recovery: what the account had before goes when it is used."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="invitations")
    mac = models.CharField(max_length=64, unique=True)
    recovery = models.BooleanField(default=False)
    made = models.DateTimeField()
    until = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.account}, until {self.until:%Y-%m-%d %H:%M}"


class Failure(models.Model):
    """A sign-in that failed, at any door; five within 15 minutes lock the account (AC-7). Nobody's login is kept in clear when it
    belongs to nobody."""

    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="failures")
    login = models.CharField(max_length=64, help_text="SHA-256 of what was typed")
    door = models.CharField(max_length=12)
    client = models.CharField(max_length=45)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.door}, {self.at:%Y-%m-%d %H:%M:%S}"


class Ending(models.Model):
    """One end_access: of which episode, why, from when. Steps are its children; it is done when all of them are (L1)."""

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
    """What was done, when, to how many: sessions, devices, tokens, authorisations, grants, duties, approvals, snapshot."""

    ending = models.ForeignKey(Ending, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=24)
    count = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["ending", "step"], name="step_once")]

    def __str__(self) -> str:
        return self.step


class Entry(models.Model):
    """Who did what, as which duty, on whose behalf, to what, why, from where, before and after, with which version (A1). Written in
    the transaction of what it describes; never changed, never removed (A3). head: the canonical bytes that the ledger takes."""

    uuid = models.UUIDField(unique=True)
    at = models.BigIntegerField(help_text="ms since 1970")
    act = models.CharField(max_length=40, db_index=True)
    person = models.CharField(max_length=120, help_text="uid, or who acts without one: tick, feed, an OS user")
    duty = models.CharField(max_length=24, blank=True)
    behalf = models.CharField(max_length=120, blank=True)
    object = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    facts = models.JSONField(default=dict)
    client = models.CharField(max_length=45, blank=True)
    head = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "entries"
        indexes: ClassVar = [
            models.Index(fields=["object", "-id"], name="entries_of_an_object"),
            models.Index(fields=["person", "-id"], name="entries_by_a_person"),
            models.Index(fields=["behalf", "-id"], name="entries_for_a_person"),
            models.Index(fields=["act", "at"], name="entries_of_an_act"),
            models.Index(fields=["at"], name="entries_since"),
        ]

    def __str__(self) -> str:
        return f"{self.act} by {self.person}"


class Carried(models.Model):
    """Where the ledger's journal has an entry: written after that record is durable. An entry without one is still to be carried;
    the order of their ids says nothing, because transactions commit in any order."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="carried")
    journal = models.CharField(max_length=40)
    number = models.BigIntegerField()
    at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"


class Publication(models.Model):
    """Counts what doors were told: one row, raised by whoever tells them, one at a time (published.telling)."""

    version = models.PositiveBigIntegerField(default=0)
    at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.version)


class Usage(models.Model):
    """How often a person sent from, received at and fetched from a mailbox on a day; only counts (M7, P-05)."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="usage")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="usage")
    day = models.DateField()
    sent = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    retrieved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "person", "day"], name="usage_once_a_day")]

    def __str__(self) -> str:
        return f"{self.mailbox}, {self.day}"


class Followed(models.Model):
    """How far a journal was read for counts and sign-ins: written in the transaction of what was read."""

    journal = models.CharField(max_length=40, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}:{self.number}"
