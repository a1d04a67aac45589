"""Device passwords and tokens (P-07, S1, L2)."""

from __future__ import annotations

import hmac
import json
import stat
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from city.identity.people import KEY, PASSWORD, T0, city
from civicmail.city.guard.errors import BadToken
from civicmail.city.snapshot.credentials import (
    Issuer,
    device_key,
    find_device,
    jwks_path,
    key_path,
    mac,
    new_password,
    pseudonym,
    read_key,
)
from civicmail.core.config.settings import Signin

NOW = T0 // 1000


def test_a_password_has_128_bits_and_more_and_none_is_like_another() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        groups = password.split("-")
        assert [len(g) for g in groups] == [4] * 7
        assert not set("".join(groups)) & set("ilou"), "letters that are read as others"
    assert 28 * 5 >= 128


@given(st.sampled_from(["", " ", "-", "\u00a0"]), st.booleans())
def test_it_may_be_typed_in_any_case_with_or_without_spaces(between: str, shout: bool) -> None:
    typed = between.join(PASSWORD.split("-"))
    typed = typed.upper().replace("0", "O").replace("1", "I") if shout else typed
    assert find_device(KEY, city().people["ann"], typed) == city().people["ann"].devices[0]


@pytest.mark.rule("P-07", "A device password opens only what it was made for, and what is published opens nothing.")
def test_a_password_opens_nothing_under_another_key_for_another_person_or_with_a_letter_changed() -> None:
    ann = city().people["ann"]
    assert find_device(bytes(32), ann, PASSWORD) is None
    assert find_device(KEY, None, PASSWORD) is None
    for wrong in ("", PASSWORD[:-1], PASSWORD + "x", PASSWORD.replace("3", "4"), ann.devices[0].mac):
        assert find_device(KEY, ann, wrong) is None
    assert PASSWORD.replace("-", "") not in repr(city()), "what is published opens nothing"


def test_the_key_is_made_once_and_is_nobody_elses(data: Path) -> None:
    key = device_key(data)
    assert device_key(data) == key == read_key(data) and len(key) == 32
    assert stat.S_IMODE(key_path(data).stat().st_mode) == 0o600
    assert not [p.name for p in key_path(data).parent.iterdir() if p.name.startswith(".devices")]
    key_path(data).unlink()
    assert read_key(data) is None and device_key(data) != key


def test_an_unknown_login_is_the_same_every_time_and_cannot_be_read() -> None:
    assert pseudonym(KEY, "Somebody@city.example") == pseudonym(KEY, "somebody@city.example") != pseudonym(KEY, "else@city.example")
    assert pseudonym(bytes(32), "somebody@city.example") != pseudonym(KEY, "somebody@city.example")
    assert mac(KEY, "x") != pseudonym(KEY, "x")


# -- tokens

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
STRANGER = ec.generate_private_key(ec.SECP256R1())
SETTINGS = Signin(issuer="https://id.city.example", audience="mail", claim="email")
CLAIMS = {"iss": "https://id.city.example", "aud": "mail", "exp": NOW + 300, "email": "ann@city.example"}


def jwks() -> dict[str, Any]:
    keys = [
        RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "rsa", "use": "sig"},
        ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "ec", "alg": "ES256"},
        OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True) | {"kid": "ed"},
        RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "enc", "use": "enc"},
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
    ]
    return {"keys": keys}


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    jwks_path(tmp_path).parent.mkdir()
    jwks_path(tmp_path).write_text(json.dumps(jwks()))
    return Issuer(tmp_path, SETTINGS, lambda: T0)


def token(key: Any = EC, alg: str = "ES256", kid: str = "ec", **claims: Any) -> str:
    merged = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(merged, key, algorithm=alg, headers={"kid": kid})


@pytest.mark.parametrize(
    ("key", "alg", "kid"), [(RSA, "RS256", "rsa"), (RSA, "PS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
)
def test_a_token_of_the_issuer_says_who_signs_in(issuer: Issuer, key: Any, alg: str, kid: str) -> None:
    assert issuer.login(token(key, alg, kid)) == "ann@city.example"
    assert issuer.login(token(key, alg, kid, aud=["web", "mail"], nbf=NOW - 1)) == "ann@city.example"


PUBLIC = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed_with_the_public_key() -> str:
    """What a checker takes that lets the token choose how its signature is checked."""
    parts = [{"alg": "HS256", "kid": "rsa"}, CLAIMS]
    text = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return text + "." + urlsafe_b64encode(hmac.digest(PUBLIC, text.encode(), "sha256")).decode().rstrip("=")


FORGED = {
    "another's signature": token(STRANGER),
    "a key that is not ours": token(STRANGER, kid="stranger"),
    "no key named": jwt.encode(CLAIMS, STRANGER, algorithm="ES256"),
    "unsigned": jwt.encode(CLAIMS, None, algorithm="none", headers={"kid": "ec"}),
    "a symmetric key of the list": jwt.encode(CLAIMS, "secret" * 8, algorithm="HS256", headers={"kid": "oct"}),
    "the public key as a secret": signed_with_the_public_key(),
    "a key for encryption": token(RSA, "RS256", "enc"),
    "another issuer": token(iss="https://id.evil.example"),
    "for somebody else": token(aud="web"),
    "for nobody": token(aud=None),
    "without an end": token(exp=None),
    "over": token(exp=NOW - 61),
    "not begun": token(nbf=NOW + 61),
    "an end that is no time": token(exp="9999999999"),
    "no login": token(email=None),
    "a login that is no text": token(email=["ann@city.example"]),
    "an address that nobody verified": token(email_verified=False),
    "cut": token()[:-4],
    "no token": "ann",
    "empty": "",
    "other letters": "ä.ö.ü",
}


@pytest.mark.rule("P-07", "A token that is forged, expired or for another audience signs nobody in.")
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_forged_or_foreign_token_signs_nobody_in(issuer: Issuer, forged: str) -> None:
    with pytest.raises(BadToken) as problem:
        issuer.login(forged)
    assert problem.value.smtp.startswith("535 5.7.8") and "ann" not in str(problem.value)


def test_new_keys_are_taken_up_and_a_damaged_file_leaves_the_last_ones_in_force(issuer: Issuer, tmp_path: Path) -> None:
    assert issuer.login(token())
    jwks_path(tmp_path).write_text("{ not json")
    assert issuer.login(token())
    jwks_path(tmp_path).write_text(json.dumps({"keys": []}))
    with pytest.raises(BadToken):
        issuer.login(token())


def test_without_an_issuer_no_token_is_taken(tmp_path: Path) -> None:
    with pytest.raises(BadToken, match="takes no tokens"):
        Issuer(tmp_path, Signin(), lambda: T0).login(token())
