"""Signing in: the one account of a person, the links by which it is set, and what failed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from civicmail.city.directory.models import Person


class Accounts(BaseUserManager["Account"]):
    """Sign-ins are found by what people type, whatever the case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """The one sign-in of one person (S1). epoch: every session and token of an older one is refused at its next request (L2).
    locked: since when nobody gets in until an officer releases it; nothing that a stranger does writes it. contained: since when
    every door is shut, because somebody else may use it, until a security officer gives it back (P-25): no right that begins
    meanwhile opens it. letter_keys: letters are keys on the pages that know some (WCAG 2.1.4: only where they were switched on)."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="account")
    username = models.CharField(max_length=120, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    epoch = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    locked = models.DateTimeField(null=True, blank=True)
    contained = models.DateTimeField(null=True, blank=True)
    made = models.DateTimeField()
    letter_keys = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = Accounts()

    is_staff = False
    is_superuser = False

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return self.person.display

    def has_usable_password(self) -> bool:
        """An empty one was never set; Django would call it usable."""
        return bool(self.password) and super().has_usable_password()


class Invitation(models.Model):
    """By what a person sets the first passkey or password, or new ones after a loss: once, for 72 hours. A letter whose two halves
    two people hand out (decision 0089): by has the first printed, handed_by releases the second; uids, or "os:NAME". whole: a link
    that the command line shows to the owner of the data folder (claim, recovery key). mac, second: keyed HMACs. recovery: what the
    account had before goes when it is used."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="invitations")
    mac = models.CharField(max_length=64, unique=True)
    second = models.CharField(max_length=64, blank=True)
    whole = models.BooleanField(default=False)
    recovery = models.BooleanField(default=False)
    made = models.DateTimeField()
    until = models.DateTimeField()
    handed = models.DateTimeField(null=True, blank=True)
    used = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=120)
    handed_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return f"{self.account}, until {self.until:%Y-%m-%d %H:%M}"


class Identity(models.Model):
    """By which identity of which provider somebody signs in here: the first that did, until an officer releases it. So neither
    another provider nor another identity at the same one becomes this person by saying the same number. provider: issuer, or entity
    of SAML; subject: what names the person there."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="identity")
    provider = models.CharField(max_length=400)
    subject = models.CharField(max_length=255)
    since = models.DateTimeField()

    class Meta:
        app_label = "access"
        verbose_name_plural = "identities"
        constraints: ClassVar = [models.UniqueConstraint(fields=["provider", "subject"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.account}: {self.provider}"


class Failure(models.Model):
    """A sign-in that failed, at any door, for whoever looks at it. Nobody's login is kept in clear when it belongs to nobody."""

    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="failures")
    login = models.CharField(max_length=64, help_text="SHA-256 of what was typed")
    door = models.CharField(max_length=12)
    client = models.CharField(max_length=45)
    at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "access"

    def __str__(self) -> str:
        return f"{self.door}, {self.at:%Y-%m-%d %H:%M:%S}"


class Throttle(models.Model):
    """How often one kind of secret failed in a row, and until when nobody is heard (throttle.py). kind: password, code or mail of
    a login from a network, near (the same of a /24), login (from networks new to it; streak: from anywhere since somebody signed
    in), network and mailnet (whatever the login), identity (another one of a provider, whose name network is). login: SHA-256 of
    it, or "". network: "" for all, "session " with a digest for one."""

    kind = models.CharField(max_length=12)
    login = models.CharField(max_length=64, blank=True)
    network = models.CharField(max_length=43, blank=True)
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="throttles")
    failures = models.PositiveIntegerField(default=0)
    streak = models.PositiveIntegerField(default=0)
    last = models.DateTimeField(db_index=True)
    until = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        app_label = "access"
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "login", "network"], name="throttle_once")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.network or 'all networks'}: {self.failures}"


class Place(models.Model):
    """A network from which somebody has signed in to the pages: /24, or /64 of IPv6."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="places")
    network = models.CharField(max_length=43)
    last = models.DateTimeField()

    class Meta:
        app_label = "access"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "network"], name="place_once")]

    def __str__(self) -> str:
        return self.network


class AccountNews(models.Model):
    """News about a sign-in for its person. told: whether the notice was sent; kind, what: see account_notices.py."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="account_news")
    kind = models.CharField(max_length=12)
    what = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    told = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        app_label = "access"
        verbose_name_plural = "account news"

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"
