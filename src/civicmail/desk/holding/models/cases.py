"""Appeals, release requests, findings, digests, contained accounts, sender verification and the pick-up portal."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from civicmail.city.directory.models import Person


class Contest(models.Model):
    """An appeal. capture: the number of the decision (UUID); rules: ids, with commas; text, contact: as typed; answer: see
    contests.ANSWERS, empty while it waits; why: for the person who appealed; place: among those that wait for the same decision;
    client: a digest of their network and the day, which identifies nobody."""

    capture = models.CharField(max_length=36, db_index=True)
    rules = models.CharField(max_length=400)
    text = models.TextField()
    contact = models.CharField(max_length=254, blank=True)
    made = models.DateTimeField()
    place = models.PositiveSmallIntegerField(default=0)
    client = models.CharField(max_length=16, blank=True, db_index=True)
    answer = models.CharField(max_length=10, blank=True, db_index=True)
    why = models.CharField(max_length=400, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture", "place"], condition=models.Q(answer=""), name="contest_has_its_place")
        ]

    def __str__(self) -> str:
        return f"contest {self.pk}"


class Finding(models.Model):
    """A finding of a rule about one message for a use reviewer; without name, address or content. capture: its number (UUID);
    pseudonym: of the sender; evidence: [check, code, part, mask]; condition: of the rule, as its digest; state: see
    reviewing.STATES. person: the sender, once a second reviewer has confirmed it."""

    capture = models.CharField(max_length=36)
    rule = models.CharField(max_length=60)
    condition = models.CharField(max_length=16, blank=True)
    clause = models.CharField(max_length=8, blank=True)
    pseudonym = models.CharField(max_length=12, db_index=True)
    evidence = models.JSONField(default=list)
    copies = models.PositiveIntegerField(default=1)
    received = models.DateTimeField()
    made = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, default="open", db_index=True)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)
    second = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True, help_text="of the second reviewer, in words")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture", "rule"], name="finding_once"),
            models.CheckConstraint(
                condition=models.Q(second__isnull=True) | ~models.Q(second=models.F("reviewer")), name="finding_has_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) | models.Q(second__isnull=False), name="name_after_second"
            ),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"


class Precision(models.Model):
    """The number of answered findings of a rule with one condition, and how many of them were right. It outlives the findings. off:
    when the rule was put into shadow for it."""

    rule = models.CharField(max_length=60)
    condition = models.CharField(max_length=16, blank=True)
    answered = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    off = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "condition"], name="precision_once")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.confirmed} of {self.answered}"


class Untold(models.Model):
    """The number of further messages of a day about which a person got no notice of their own."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "day"], name="untold_once")]

    def __str__(self) -> str:
        return f"{self.person}, {self.day}"


class Forwarded(models.Model):
    """The number of messages of a day that a mailbox rule would have sent out of the city. mailbox: its address, "" if unknown."""

    mailbox = models.CharField(max_length=254, blank=True)
    day = models.DateField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "day"], name="forwarded_once")]

    def __str__(self) -> str:
        return f"{self.mailbox}, {self.day}"


class Heard(models.Model):
    """Up to which record a journal was read for findings and notices."""

    journal = models.CharField(max_length=80, unique=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.journal}: {self.number}"


class Release(models.Model):
    """A release request. capture: the number of the message (UUID); copies: indices of recipients; kind: of kinds.Kind; rules: ids,
    with commas; malware: its name at the time of the request; sender: whether the requester sent it, else received it; state: of
    releasestates.STATES; first: who agreed before the second person; person: who answered; let: number of copies released."""

    capture = models.CharField(max_length=36, db_index=True)
    copies = models.JSONField(default=list)
    kind = models.CharField(max_length=12)
    rules = models.CharField(max_length=400)
    malware = models.JSONField(default=list)
    sender = models.BooleanField(default=False)
    requester = models.ForeignKey(Person, models.PROTECT, related_name="+")
    why = models.CharField(max_length=400)
    made = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, default="asked", db_index=True)
    first = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    agreed = models.DateTimeField(null=True, blank=True)
    first_why = models.CharField(max_length=400, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    let = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["capture", "requester"], condition=models.Q(state__in=["asked", "agreed"]), name="release_asked_once"
            ),
            models.CheckConstraint(
                condition=models.Q(first__isnull=True) | ~models.Q(first=models.F("requester")), name="release_not_for_oneself"
            ),
            models.CheckConstraint(
                condition=models.Q(first__isnull=True) | models.Q(person__isnull=True) | ~models.Q(first=models.F("person")),
                name="release_has_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"release {self.pk}"


class Digest(models.Model):
    """When a person gets the digest of held mail. days: of digests.DAYS; hour: in the city's time; told: the end of the last
    digest's period."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="+")
    days = models.CharField(max_length=10, default="daily")
    hour = models.PositiveSmallIntegerField(default=7)
    told = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.person}: {self.days}"


class Containment(models.Model):
    """A possibly compromised account: its mail waits. sender: as mail/pipeline/containment.py names it; person: its owner, if there
    is one; sign: of habits.Sign; capture: of the first message that waits; state: of containmentstates.STATES; rights: ids of
    authorizations that were suspended with it; let: captures (UUID) still to be released; allowed: recipients within an hour, until
    a day."""

    sender = models.CharField(max_length=300, db_index=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    sign = models.CharField(max_length=12)
    capture = models.CharField(max_length=36)
    made = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, default="held", db_index=True)
    rights = models.JSONField(default=list)
    locker = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    locked = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=400, blank=True)
    releaser = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    released = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    let = models.JSONField(default=list)
    allowed = models.PositiveIntegerField(default=0)
    allowed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender"], condition=models.Q(state__in=["held", "locked"]), name="containment_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"containment {self.pk}"


class Verification(models.Model):
    """A question whether a message really is from its claimed sender. capture: its number (UUID); index: of the requester's copy;
    claimed: the address that the message shows; to: the address that is asked, known from elsewhere; inside: it is a mailbox of the
    city; secret: SHA-256 of the secret in the answer link; state: of verifying.STATES; said: the comment of the person asked."""

    capture = models.CharField(max_length=36, db_index=True)
    index = models.PositiveIntegerField(default=0)
    asker = models.ForeignKey(Person, models.PROTECT, related_name="+")
    claimed = models.CharField(max_length=254)
    to = models.CharField(max_length=254, blank=True)
    inside = models.BooleanField(default=False)
    secret = models.CharField(max_length=64, blank=True)
    made = models.DateTimeField(db_index=True)
    until = models.DateTimeField()
    state = models.CharField(max_length=10, default="asked", db_index=True)
    answered = models.DateTimeField(null=True, blank=True)
    said = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["capture", "asker"], name="verification_asked_once")]

    def __str__(self) -> str:
        return f"verification {self.pk}"


class PickUp(models.Model):
    """A message in the pick-up portal for one outside reader (P-19). box: mail/courier/pickup_store.py; capture, index: the message
    and the recipient; sender: the mailbox that it is from; person: who sent it; state: of pickupstates.STATES; token: the SHA-256
    of the link's token; secret: a hash of the passphrase, empty until it is chosen; by: who chose it, sender or reader;
    sender_only: it contains information that must never leave by TLS alone, so the reader may not choose; tries: wrong ones since
    the last right one."""

    box = models.CharField(max_length=32, unique=True)
    capture = models.CharField(max_length=36, db_index=True)
    index = models.PositiveIntegerField()
    to = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    made = models.DateTimeField(db_index=True)
    until = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, default="waits", db_index=True)
    token = models.CharField(max_length=64, unique=True)
    secret = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=6, blank=True)
    sender_only = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    opened = models.DateTimeField(null=True, blank=True)
    openings = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"pick-up {self.pk}"


class PickUpOpening(models.Model):
    """When, and from which network address, a message in the portal was opened; for its sender."""

    pickup = models.ForeignKey(PickUp, models.CASCADE, related_name="opened_from")
    at = models.DateTimeField()
    client = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"opening {self.pk}"


class PickUpReply(models.Model):
    """A reader's reply in the portal; its text is deleted once the worker has sent it through the pipeline."""

    pickup = models.ForeignKey(PickUp, models.CASCADE, related_name="replies")
    text = models.TextField(blank=True)
    subject = models.CharField(max_length=250, blank=True)
    message_id = models.CharField(max_length=998, blank=True)
    made = models.DateTimeField()
    sent = models.DateTimeField(null=True, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"reply {self.pk}"
