"""[signin]: passwords, identity providers and second factors."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.core.config.setting import setting as _setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    id: str = _setting("city", "A short name of this identity provider; it stands in addresses of pages.")
    name: str = _setting("City sign-in", "What the button at sign-in says.")
    issuer: str = _setting("", "The provider's issuer, or the address of its discovery document.")
    client: str = _setting("civicmail", "The client id under which the provider knows us.")
    secret_file: str = _setting("", "A file that holds the client secret, and nothing else; empty: a public client with PKCE.")
    claim: str = _setting("sub", "The claim that names the person's number in the directory, or the sign-in name; never an e-mail.")
    several_factors: bool = _setting(
        False, "Whether this provider asks everybody for a second factor, also where it does not say so."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saml:
    id: str = _setting("city", "A short name of this identity provider; it stands in addresses of pages.")
    name: str = _setting("City sign-in", "What the button at sign-in says.")
    entity: str = _setting("", "The provider's entity id.")
    sso: str = _setting("", "Where sign-in requests go (HTTP-Redirect binding).")
    certificate: str = _setting("", "The PEM file with the certificate that signs the provider's assertions.")
    claim: str = _setting("uid", "The attribute that names the person's number in the directory, or the sign-in name.")
    several_factors: bool = _setting(
        False, "Whether this provider asks everybody for a second factor, also where it does not say so."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signin:
    attempts: int = _setting(5, "Wrong passwords for one login from one network after which that network waits (AC-7).")
    per_address: int = _setting(20, "Wrong passwords from one network after which logins that are new there wait a minute each.")
    window: int = _setting(900, "Seconds of the first wait; each later one is twice as long, up to a day.")
    per_connection: int = _setting(3, "Wrong passwords on one connection after which it is closed.")
    delay: int = _setting(1000, "Milliseconds before a wrong password is answered; twice as long after each one.")
    issuer: str = _setting("", "Who issues the tokens that mail programs may sign in with (iss); empty: no tokens.")
    audience: str = _setting("", "For whom these tokens are (aud).")
    claim: str = _setting("email", "The claim of a token that says which login it is for.")
    oidc: list[Oidc] = _setting([], "Identity providers that sign people in to the pages by OpenID Connect; one table for each.")
    saml: list[Saml] = _setting([], "Identity providers that sign people in to the pages by SAML 2.0; one table for each.")
    kick: str = _setting("", "Where Dovecot is told to end open IMAP connections: http://127.0.0.1:8080; empty: nowhere.")
    kick_key_file: str = _setting("", "A file that holds Dovecot's doveadm_api_key, and nothing else.")
    step_up: int = _setting(300, "Seconds for which a fresh proof of who one is opens privileged roles and device passwords.")
    session: int = _setting(43_200, "Seconds after which a session of the pages ends, whatever happens in it.")
    idle: int = _setting(3600, "Seconds without use after which a session of the pages ends.")
    second_factor: bool = _setting(
        True, "Whether whoever signs in by a password alone sets up a passkey or an app before anything else."
    )
