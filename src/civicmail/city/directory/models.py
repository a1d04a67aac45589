"""Rows of the directory: departments, people and employment episodes, agencies, mailboxes, addresses, mailing lists.

Rows of people and addresses are never deleted, so that the owner of an address on any day is known. An address that belonged to a
person is never assigned to another (L3).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Department(models.Model):
    """One body of the city. code: lower case, never changes; the head decides who gets e-mail (P-04). routed: further addresses
    and whole domains, separated by blanks (docs/operate/pilot.md)."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="divisions")
    head = models.ForeignKey("Person", models.PROTECT, null=True, blank=True, related_name="heads")
    deputies: models.ManyToManyField[Person, models.Model] = models.ManyToManyField("Person", blank=True, related_name="deputy_of")
    mailbox_cost = models.PositiveIntegerField(default=0, help_text="cents a year for one mailbox")
    closed = models.DateField(null=True, blank=True)
    routed = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """A company or body outside of the city whose people work for it (P-09)."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    contact = models.CharField(max_length=200, blank=True)
    suspended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class Contract(models.Model):
    """A contract of an agency. sponsor: the city's person who answers for its people (C1)."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="contracts")
    number = models.CharField(max_length=60)
    sponsor = models.ForeignKey("Person", models.PROTECT, null=True, blank=True, related_name="sponsors")
    starts = models.DateField()
    ends = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="contract_number_once"),
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="contract_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.number}"


class Kind(models.TextChoices):
    """Kinds of people; their differences are in one table (identity/person_kinds.py)."""

    EMPLOYEE = "employee", "Employee"
    CONTRACTOR = "contractor", "Contractor"
    VENDOR = "vendor", "Vendor"
    AGENT = "agent", "Agent"
    VOLUNTEER = "volunteer", "Volunteer"
    BOARD = "board", "Board member"
    ELECTED = "elected", "Elected official"


class Person(models.Model):
    """A human being; rows are never deleted. uid: the personnel number, the same after a re-hire."""

    uid = models.CharField(max_length=60, unique=True)
    given = models.CharField(max_length=80, blank=True)
    family = models.CharField(max_length=80)
    display = models.CharField(max_length=160, help_text="as it stands in From (P-14)")
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12, default="en")
    outside = models.CharField(max_length=600, blank=True, help_text="own addresses elsewhere, a blank between them (P-11)")

    class Meta:
        ordering: ClassVar = ["family", "given"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.display


class FormerName(models.Model):
    """Earlier names and contact data of a person; a database trigger writes it (0007), so that a barred person is recognized by
    every former name (P-30). Rows stay. outside: addresses elsewhere, and the sign-in name at an identity provider; external: their
    number there."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="former")
    uid = models.CharField(max_length=60, blank=True)
    given = models.CharField(max_length=80, blank=True)
    family = models.CharField(max_length=80, blank=True)
    display = models.CharField(max_length=160, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    outside = models.CharField(max_length=600, blank=True)
    external = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.person}: {self.display or self.outside}"


class Episode(models.Model):
    """One period of employment: an authorization belongs to it and ends with it, also when the person is hired again (L5). ended:
    the actual last day."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="episodes")
    kind = models.CharField(max_length=12, choices=Kind)
    department = models.ForeignKey(Department, models.PROTECT, related_name="episodes")
    position = models.CharField(max_length=120, blank=True)
    supervisor = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="supervises")
    contract = models.ForeignKey(Contract, models.PROTECT, null=True, blank=True, related_name="episodes")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True, help_text="as planned")
    ended = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-starts"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(ended__isnull=True), name="one_open_episode"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.department}"


class Mailbox(models.Model):
    """Exactly one department owns it (M1). personal: of one person; function: of an office, used by named people, without a sign-in
    of its own (M5); service: of a machine (S1). expires: services only. purpose: of function and service, in words. files_until:
    until when it accepts files from unknown people (P-25)."""

    class Type(models.TextChoices):
        PERSONAL = "personal", "Personal"
        FUNCTION = "function", "Function"
        SERVICE = "service", "Service"

    address = models.CharField(max_length=254, unique=True, help_text="lower case")
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=Type)
    department = models.ForeignKey(Department, models.PROTECT, related_name="mailboxes")
    holder = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="mailboxes")
    purpose = models.CharField(max_length=400, blank=True)
    made = models.DateTimeField()
    expires = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    files_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["address"]
        verbose_name_plural = "mailboxes"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="personal", holder__isnull=False) | (~Q(kind="personal") & Q(holder__isnull=True)),
                name="personal_mailbox_has_holder",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Address(models.Model):
    """An address was or is this mailbox's, from one time until another. person: whose it was where it was a person's. Rows stay:
    they are the history, and the reason why an address is never another person's (L3)."""

    address = models.CharField(max_length=254, help_text="lower case")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="addresses")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="addresses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address"], condition=Q(until__isnull=True), name="address_in_use_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["address", "since"])]

    def __str__(self) -> str:
        return self.address


class ReservedAddress(models.Model):
    """An address that a person already has according to the personnel feed: it is assigned to no other person, and their mailbox
    receives it when a department authorizes one. main: the main address; the others are aliases."""

    address = models.CharField(max_length=254, unique=True, help_text="lower case")
    person = models.ForeignKey(Person, models.PROTECT, related_name="reserved")
    main = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["address"]
        verbose_name_plural = "reserved addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(main=True), name="one_main_reserved_address"),
        ]

    def __str__(self) -> str:
        return self.address


class MailGroup(models.Model):
    """A list: mail to it is one capture, with the mailboxes behind it as evidence of the envelope. everyone: all personal
    mailboxes of the department and its divisions that are not closed (of the city, for the root)."""

    address = models.CharField(max_length=254, unique=True, help_text="lower case")
    name = models.CharField(max_length=160)
    department = models.ForeignKey(Department, models.PROTECT, related_name="groups")
    everyone = models.BooleanField(default=False)
    members = models.ManyToManyField(Mailbox, blank=True, related_name="groups")
    subgroups = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="supergroups")
    made = models.DateTimeField()
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["address"]

    def __str__(self) -> str:
        return self.address


class FeedRun(models.Model):
    """One run of a personnel feed: a file, an LDAP server, or a day of SCIM. state: proposed (a dry run), applied, stopped (by a
    threshold, L7), rejected, live (SCIM, applied as it came), failed (no answer). brake: why it stopped, in words; decided:
    when it was applied or rejected. day: of SCIM, in the city's time."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=8, default="file")  # file, ldap, scim
    source = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, default="proposed")
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=400, blank=True)
    brake = models.CharField(max_length=400, blank=True)
    day = models.DateField(null=True, blank=True)
    decided = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day"], condition=Q(state="live"), name="one_live_run_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.at:%Y-%m-%d %H:%M}"


class FeedLine(models.Model):
    """The effect of a run on one person, or why there is none. did: added, changed, ended, refused. at: when, in runs that grow
    line by line. alone: a single leaver, who was ended although the run was stopped."""

    run = models.ForeignKey(FeedRun, models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField(default=0)
    uid = models.CharField(max_length=60, blank=True)
    did = models.CharField(max_length=8)
    changes = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    alone = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["did", "at"], condition=Q(at__isnull=False), name="lines_as_they_came")]

    def __str__(self) -> str:
        return f"{self.uid}: {self.did}"


class FeedMapping(models.Model):
    """How a source's file is read. header: its column names in lower case, by which the next file is recognized. columns: theirs
    -> ours; kinds, departments: their values -> ours; dates: the date format; kind: the default kind."""

    name = models.SlugField(max_length=60, unique=True)
    header = models.JSONField()
    columns = models.JSONField()
    kinds = models.JSONField(default=dict)
    departments = models.JSONField(default=dict)
    dates = models.CharField(max_length=8, default="iso")
    kind = models.CharField(max_length=12, blank=True)
    made = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class FeedUpload(models.Model):
    """An uploaded file whose columns are not mapped yet; deleted after the answer, or after a day."""

    name = models.CharField(max_length=200)
    content = models.BinaryField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class FeedKey(models.Model):
    """The bearer token of a program that speaks SCIM: stored as its keyed HMAC, shown once, with an end (S1). It opens only the
    feed."""

    name = models.CharField(max_length=80)
    mac = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=120)
    used = models.DateTimeField(null=True, blank=True)
    used_from = models.CharField(max_length=45, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made"]

    def __str__(self) -> str:
        return self.name


class ScimUser(models.Model):
    """A person at an identity provider (RFC 7643). said: the last attributes that it sent, except whether the person works for the
    city now. gone: deleted there; the person stays (L3)."""

    uuid = models.UUIDField(unique=True)
    uid = models.CharField(max_length=60)
    user_name = models.CharField(max_length=254, help_text="lower case")
    external = models.CharField(max_length=254, blank=True)
    said = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    made = models.DateTimeField()
    changed = models.DateTimeField()
    gone = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["uid"], condition=Q(gone__isnull=True), name="scim_uid_once"),
            models.UniqueConstraint(fields=["user_name"], condition=Q(gone__isnull=True), name="scim_user_name_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["external"], name="scim_external")]

    def __str__(self) -> str:
        return self.user_name
