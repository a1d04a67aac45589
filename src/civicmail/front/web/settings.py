"""Django settings, made from the installation's settings (CIVICMAIL_DATA names its folder).

Everything comes from civicmail.toml; without a data folder (for makemigrations and type checks) the defaults hold and the
database is in memory.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.messages import constants as messages
from django.utils.csp import CSP

from civicmail.city.identity.demo import is_demo
from civicmail.core.config.load import load
from civicmail.core.config.settings import Settings
from civicmail.core.disk.files import OS_FILES
from civicmail.front.web.database import database
from civicmail.front.web.signin.providers import providers

DATA = Path(os.environ["CIVICMAIL_DATA"]) if os.environ.get("CIVICMAIL_DATA") else None
CITY: Settings = load(DATA, Path(c) if (c := os.environ.get("CIVICMAIL_CONFIG")) else None) if DATA else Settings()


def _secret() -> str:
    """The key that signs sessions and forms; made when first needed, readable only by its owner."""
    if DATA is None:
        return secrets.token_hex(32)
    path = DATA / "keys" / "web.key"
    OS_FILES.write_once(path, secrets.token_hex(32).encode())
    return path.read_text()


def _host(url: str) -> str:
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


SECRET_KEY = _secret()
DEMO = is_demo(DATA, CITY.web.address)
DEBUG = False
_NAMED_BY_PROGRAMS = [f"{name}.{domain}" for domain in CITY.city.domains for name in ("autoconfig", "autodiscover", "mta-sts")]
_HOSTS = [*CITY.web.hosts, *([_host(CITY.web.url)] if CITY.web.url else [])]
ALLOWED_HOSTS = [*_HOSTS, *_NAMED_BY_PROGRAMS, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _HOSTS] + ([CITY.web.url] if CITY.web.url else [])
"""A proxy ends TLS, so HTTPS forms arrive by HTTP."""
ROOT_URLCONF = "civicmail.front.web.urls"
INSTALLED_APPS = [
    "civicmail.front.web",
    "civicmail.city.identity",
    "civicmail.city.pages",
    "civicmail.city.conduct",
    "civicmail.city.directory",
    "civicmail.city.notices",
    "civicmail.desk.holding",
    "civicmail.desk.incidents",
    "civicmail.desk.mailbox",
    "civicmail.desk.oversight",
    "civicmail.desk.records",
    "civicmail.desk.retention",
    "civicmail.desk.viewer",
    "civicmail.desk.workbench",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "civicmail.front.web.apps.SignedInConfig",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
]
SITE_ID = 1
MIDDLEWARE = [
    "civicmail.front.web.headers.Headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "civicmail.front.web.compression.Compression",
    "civicmail.front.web.language.Language",
    "civicmail.front.web.middleware.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "civicmail.front.web.middleware.AccessMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "civicmail.front.web.shell.shell",
                "civicmail.front.web.signin.pages.offered",
            ]
        },
    }
]
DATABASES = {"default": database(CITY.database, DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["username"]}},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},  # SP 800-63B-4 3.1.1.2
    {"NAME": "civicmail.front.web.signin.passwords.NotLeaked"},
    {"NAME": "civicmail.front.web.signin.passwords.BesideWordsOfTheCity"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_FORMS = {"change_password": "civicmail.front.web.signin.forms.ChangePassword"}
ACCOUNT_ADAPTER = "civicmail.front.web.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # a session's end is SESSION_COOKIE_AGE, not a tick in a box
ACCOUNT_REAUTHENTICATION_TIMEOUT = CITY.signin.step_up
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ("login", "login_failed", "reauthenticate", "change_password")
)  # rows that all doors share count instead
ALLAUTH_TRUSTED_PROXY_COUNT = CITY.web.proxies
SOCIALACCOUNT_ADAPTER = "civicmail.front.web.signin.federated.FederatedAdapter"
SOCIALACCOUNT_PROVIDERS = providers(CITY.signin)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False  # a page elsewhere cannot sign anybody in: leaving.html leads on, because a form may not (CSP)
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "civicmail.front.web.signin.mfa.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp"]  # recovery codes are ours (signin/recovery_codes.py)
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not CITY.web.https
MFA_FORMS = {
    "authenticate": "civicmail.front.web.signin.mfa.CodeForm",
    "reauthenticate": "civicmail.front.web.signin.mfa.CodeAgainForm",
}
SESSION_ENGINE = "civicmail.front.web.sessions"
SESSION_COOKIE_AGE = CITY.signin.session
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CITY.web.https
_BEFORE = "__Host-" if CITY.web.https else ""  # a browser takes such a cookie from this host alone, over HTTPS (RFC 6265bis)
SESSION_COOKIE_NAME = f"{_BEFORE}sessionid"
CSRF_COOKIE_NAME = f"{_BEFORE}csrftoken"
CSRF_COOKIE_HTTPONLY = True
SESSION_SAVE_EVERY_REQUEST = False
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LANGUAGE_COOKIE_NAME = f"{_BEFORE}language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = CITY.web.https
LOCALE_PATHS = [Path(__file__).parent / "locale"]
FORMAT_MODULE_PATH = "civicmail.front.web.formats"
TIME_ZONE = CITY.city.time_zone
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static" if DATA else None
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # of what is collected, too: Django asks no umask
_NAMED = "civicmail.front.web.files.Files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": _NAMED if DATA else "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True  # under their own names, where collecting failed
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # the others come by the line above: half to compress
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_TAGS = {messages.INFO: "wait", messages.SUCCESS: "done", messages.WARNING: "warn", messages.ERROR: "stop"}
CSRF_FAILURE_VIEW = "civicmail.front.web.error_pages.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGGING_CONFIG = None
