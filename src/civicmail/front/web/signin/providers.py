"""allauth's SOCIALACCOUNT_PROVIDERS from `[[signin.oidc]]` and `[[signin.saml]]`. Pure but for the files that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Oidc, Saml, Signin


def providers(signin: Signin) -> dict[str, Any]:
    """The value of SOCIALACCOUNT_PROVIDERS. Raises ConfigError for a file that cannot be read."""
    return {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [_oidc(p) for p in signin.oidc]},
        "saml": {"APPS": [_saml(p) for p in signin.saml]},
    }


def _oidc(p: Oidc) -> dict[str, Any]:
    secret = _content(p.secret_file, "signin.oidc.secret_file").strip() if p.secret_file else ""
    method = "client_secret_basic" if secret else "none"
    settings = {
        "server_url": p.issuer,
        "uid_field": "sub",
        "token_auth_method": method,
        "claim": p.claim,
        "of": p.issuer,
        "several": p.several_factors,
        "scope": ["openid", "profile"],
    }
    return {"provider_id": p.id, "name": p.name, "client_id": p.client, "secret": secret, "settings": settings}


def _saml(p: Saml) -> dict[str, Any]:
    certificate = _content(p.certificate, "signin.saml.certificate") if p.certificate else ""
    lines = [line for line in certificate.splitlines() if line and not line.startswith("-----")]
    settings = {
        "idp": {"entity_id": p.entity, "sso_url": p.sso, "x509cert": "".join(lines)},
        "attribute_mapping": {"uid": p.claim},
        "claim": p.claim,
        "of": p.entity,
        "several": p.several_factors,
    }
    return {"provider_id": p.entity, "name": p.name, "client_id": p.id, "settings": settings}


def _content(path: str, key: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{key} {path} cannot be read: {error.strerror}.") from None
