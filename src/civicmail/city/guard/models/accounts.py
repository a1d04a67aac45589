"""Sign-ins: the one account of a person, the links that set its credentials, and failures."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from civicmail.city.directory.models import Person


class Accounts(BaseUserManager["Account"]):
    """Sign-in names are compared without regard to case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """The one sign-in of one person (S1). epoch: sessions and tokens of an older one are refused at their next request (L2).
    locked: since when sign-in is blocked until an officer releases it; strangers cannot cause it. contained: since when all access
    is blocked, because the account seems compromised, until a security officer restores it (P-25), also for rights that begin
    meanwhile. letter_keys: letters are keyboard shortcuts on pages that have some (WCAG 2.1.4: off by default).
    language, scheme, density, zone: how pages look for the person; "" is the language of the browser."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="account")
    username = models.CharField(max_length=120, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    epoch = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    locked = models.DateTimeField(null=True, blank=True)
    contained = models.DateTimeField(null=True, blank=True)
    made = models.DateTimeField()
    letter_keys = models.BooleanField(default=False)
    language = models.CharField(max_length=8, blank=True, default="")
    scheme = models.CharField(max_length=8, default="device")
    density = models.CharField(max_length=8, default="compact")
    zone = models.CharField(max_length=40, default="city")

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
    """A link by which a person sets the first passkey or password, or new ones after a loss: once, for 72 hours. Or a letter in two
    halves from two people (decision 0089): by printed the first, handed_by releases the second; uids, or "os:NAME". whole: a link
    that the command line shows to the owner of the data folder (claim, recovery key). mac, second: keyed HMACs. recovery: all older
    credentials of the account end when it is used."""

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
    """The provider's identity by which a person signs in here: the first one that did, until an officer releases it. So neither
    another provider nor another identity at the same one can become this person by claiming the same number. provider: issuer, or
    SAML entity; subject: the person's name there."""

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
    """A failed sign-in, at any entry point, for officers. Unknown logins are not stored in clear."""

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
    """Consecutive failures of one kind of secret, and the end of its delay (throttle.py). kind: password, code or mail of a login
    from a network, near (the same of a /24), login (from networks new to it; streak: from anywhere since the last sign-in), network
    and mailnet (for all logins), identity (another one of a provider, whose name network is). login: SHA-256 of it, or "". network:
    "" for all, "session " with a digest for one."""

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
    """A network from which a person has signed in to the pages: /24, or /64 of IPv6."""

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
