"""Device passwords, and tokens of the city's identity provider, as mail programs present them (P-07, S1).

A device password is 140 random bits; only its HMAC-SHA-256 under a key of the installation is stored, so neither the database nor
the snapshot alone grants access. A token is a JWT (RFC 7519) that is verified here, without a network, with the keys last fetched
from its issuer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from civicmail.city.guard.errors import BadToken
from civicmail.city.snapshot.snapshot import Device, Person
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Signin
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.published import Watched

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_READ_AS = str.maketrans("oil", "011", " -\t\u00a0")
_GROUPS, _GROUP = 7, 4
_KEY_BYTES = 32

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key that only the issuer has. "none" and HMAC are not among them and cannot be set."""

_BY_TYPE = {"RSA": ALGORITHMS[:6], "EC": ALGORITHMS[6:9], "OKP": ALGORITHMS[9:]}

LEEWAY = 60
"""Seconds by which our clock and the issuer's may differ."""

log = get_logger()

_Key = tuple[Any, list[str]]
"""A public key, and the signatures it may be used for."""


# -- device passwords


def new_password(groups: int = _GROUPS) -> str:
    """A new password as it is shown, once: groups of four; seven for a device."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(groups))


def key_path(data: Path) -> Path:
    return data / "keys" / "devices.key"


def device_key(data: Path, files: Files = OS_FILES) -> bytes:
    """The key of the installation, created if it is missing (0600); the same for simultaneous callers. Raises OSError."""
    return files.secret(key_path(data))


def read_key(data: Path) -> bytes | None:
    """The key of the installation; None where none was made yet."""
    try:
        key = key_path(data).read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == _KEY_BYTES else None


def mac(key: bytes, password: str) -> str:
    """The stored form of a device password: in any case, with or without spaces and dashes, o read as 0, i and l as 1."""
    return hmac.digest(key, b"device\0" + normalize(password).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def normalize(typed: str) -> str:
    """Normalize a typed secret."""
    return typed.lower().translate(_READ_AS)


def pseudonym(key: bytes, name: str) -> str:
    """A pseudonym of an unknown login for records and the log: the same for the same name, and not reversible."""
    return hmac.digest(key, b"login\0" + name.lower().encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:16]


def find_device(key: bytes, person: Person | None, password: str) -> Device | None:
    """The device with this password. The time taken reveals neither whether the person exists nor how close a guess was."""
    return _matching(key, person.devices if person is not None else (), password)


def find_former_device(key: bytes, person: Person | None, password: str) -> Device | None:
    """The former device with this password, ended with the access of its person. It grants nothing: only its holder gets the reason
    (P-09)."""
    return _matching(key, person.former if person is not None and person.why else (), password)


def _matching(key: bytes, devices: Iterable[Device], password: str) -> Device | None:
    typed, matching = mac(key, password), None
    for device in devices:
        if hmac.compare_digest(device.mac, typed):
            matching = device
    return matching


# -- tokens


def jwks_path(data: Path) -> Path:
    return data / "access" / "jwks.json"


class Issuer:
    """The keys that sign the tokens of the city's sign-in, read again when their file changes. clock: ms since 1970."""

    def __init__(self, data: Path, settings: Signin, clock: Callable[[], int]) -> None:
        self._keys = Watched(jwks_path(data), "the file of the issuer's keys", lambda file: parse_jwks(file.read()))
        self._settings = settings
        self._clock = clock

    def login(self, token: str) -> str:
        """The login that a token is for. Raises BadToken."""
        if not self._settings.issuer:
            raise BadToken("This installation takes no tokens.")
        self._keys.poll()
        return _login(token, self._keys.value or {}, self._settings, self._clock() // 1000)


def parse_jwks(content: bytes) -> dict[str, _Key]:
    """Public keys of an issuer by key id, from its JSON Web Key Set (RFC 7517); what is for encryption, or symmetric, is left
    out."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    keys: dict[str, _Key] = {}
    for plain in orjson.loads(content)["keys"]:
        if plain.get("use", "sig") != "sig" or plain.get("kty") not in _BY_TYPE:
            continue
        try:
            allowed = (plain["alg"],) if "alg" in plain else _BY_TYPE[plain["kty"]]
            key = PyJWK.from_dict(plain, None if "alg" in plain else allowed[0])
            keys[str(plain.get("kid", ""))] = key.key, [a for a in allowed if a in ALGORITHMS]
        except PyJWTError:
            log.warning("a key of the issuer is of no use")
    return keys


def verify_token(token: str, keys: Mapping[str, _Key], *, issuer: str, audience: str, now: int) -> dict[str, Any]:
    """The claims of a signed token with valid signature, issuer, audience and times. now: seconds. Raises BadToken."""
    import jwt

    try:
        key, allowed = keys.get(str(jwt.get_unverified_header(token).get("kid", "")), (None, []))
        if key is None:
            raise BadToken("The token is signed by no key that we know.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=allowed,
            audience=audience,
            issuer=issuer,
            options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise BadToken(f"The token is not good: {type(error).__name__}.") from None
    ends, begins, made = claims["exp"], claims.get("nbf", 0), claims.get("iat", 0)
    if not all(type(t) in (int, float) for t in (ends, begins, made)) or now > ends + LEEWAY or now < max(begins, made) - LEEWAY:
        raise BadToken("The token's time is over, or has not come.")
    return claims


def _login(token: str, keys: Mapping[str, _Key], settings: Signin, now: int) -> str:
    """The claim that names the login, of a token that is good. now: seconds."""
    claims = verify_token(token, keys, issuer=settings.issuer, audience=settings.audience, now=now)
    login = claims.get(settings.claim)
    if not isinstance(login, str) or not login:
        raise BadToken("The token does not say who signs in.")
    if settings.claim == "email" and claims.get("email_verified") is False:
        raise BadToken("The issuer has not verified the address in the token.")
    return login
