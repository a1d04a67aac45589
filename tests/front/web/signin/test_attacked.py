"""Providers that lie, answers that are stolen, made up or bent, rows that would be a provider: nobody becomes another (P-07)."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from city.identity.signins import account, person
from civicmail.city.guard.models import Account, Identity
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import load
from civicmail.core.config.settings import Oidc, Saml
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.providers import providers
from neighbours.oidc import CLIENT, Provider
from neighbours.saml import Idp

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("installed"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc"),
]
ASSERTED = "{urn:oasis:names:tc:SAML:2.0:assertion}"


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Provider, Provider]]:
    with Provider() as one, Provider() as other:
        yield one, other


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    with Idp({"e-17": {"uid": "e-17"}, "e-18": {"uid": "e-18"}}) as found:
        yield found


@pytest.fixture(autouse=True)
def provided(installed: Path, settings: Any, two: tuple[Provider, Provider], idp: Idp) -> Any:
    """Two OIDC providers and a SAML one; Ines (e-17, ines) and Otto (e-18, otto) have accounts."""
    certificate = installed / "idp.pem"
    certificate.write_text(idp.certificate)
    oidc = [Oidc(id=id_, name=id_, issuer=p.url, client=CLIENT) for id_, p in zip(("city", "other"), two, strict=True)]
    saml = Saml(id="hall", name="Hall", entity=idp.entity, sso=idp.sso, certificate=str(certificate))
    wanted = dataclasses.replace(settings.CITY.signin, oidc=oidc, saml=[saml])
    settings.CITY = dataclasses.replace(settings.CITY, signin=wanted)
    settings.SOCIALACCOUNT_PROVIDERS = providers(wanted)
    settings.ALLOWED_HOSTS = ["mail.city.example", "autoconfig.city.example", "localhost"]
    for one in two:
        one.clear()
        one.sub = "e-17"
    account()
    account(person("e-18", "Otto Other"), "otto")
    return settings


def _browser() -> Client:
    return Client(HTTP_HOST="mail.city.example", REMOTE_ADDR="192.0.2.7")


def _who(browser: Client) -> str:
    key = browser.session.get("_auth_user_id")
    return str(Account.objects.get(pk=key).username) if key else ""


def _begun(browser: Client, where: str) -> str:
    page = browser.post(where)
    led = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert page.status_code == 200 and led, page.content[:300]
    return html.unescape(led[1])


def _oidc(browser: Client, provider: Provider, id_: str = "city", more: str = "", **asked: str) -> Any:
    begun = _begun(browser, f"{reverse('openid_connect_login', args=[id_])}?{urlencode(asked)}")
    return browser.get(f"{reverse('openid_connect_callback', args=[id_])}?{provider.asked(begun)}{more}")


def _saml(browser: Client, idp: Idp, who: str = "e-17", **wrong: Any) -> Any:
    acs, form = idp.answer(_begun(browser, reverse("saml_login", args=["hall"])), who, **wrong)
    return browser.post(urlsplit(acs).path, form, follow=True)


LIES: list[dict[str, Any]] = [
    {"signed": "none"},
    {"signed": "public"},
    {"signed": "another"},
    {"kid": "../../dev/null"},
    {"claims": {"iss": "https://evil.example"}},
    {"claims": {"aud": "another"}},
    {"claims": {"aud": [CLIENT, "another"]}},
    {"claims": {"aud": [CLIENT], "azp": "another"}},
    {"claims": {"exp": None}},
    {"claims": {"exp": 1}},
    {"claims": {"iat": None}},
    {"claims": {"iat": 1 << 33}},
    {"claims": {"nbf": 1 << 33}},
    {"claims": {"nonce": None}},
    {"claims": {"nonce": "of another sign-in"}},
    {"claims": {"sub": None}},
    {"claims": {"sub": "e-17\0"}},
    {"answers": {"/token": (200, b'{"access_token": "at"}')}},
]


@pytest.mark.rule(
    "P-07",
    "An ID token is accepted by the published keys, the issuer of the settings, audience, times and nonce, however it "
    "arrived; every other answer of a provider has a page.",
)
@pytest.mark.parametrize("lie", LIES, ids=str)
def test_an_id_token_that_is_not_good_signs_nobody_in(two: tuple[Provider, Provider], lie: dict[str, Any]) -> None:
    """Signature by the published keys, issuer, audience, times, nonce; and none at all."""
    city, browser = two[0], _browser()
    for name, value in lie.items():
        setattr(city, name, value)
    answer = _oidc(browser, city)
    assert answer.status_code == 401 and not _who(browser)
    city.clear()
    _oidc(browser, city)
    assert _who(browser) == "ines"


SHAPES = [
    b"",
    b"<html>",
    b"[]",
    b'"at"',
    b'["access_token"]',
    b'{"access_token": 5}',
    b'{"access_token": "at", "id_token": 5}',
    b"\xff",
]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_answers_of_another_shape_have_a_page(two: tuple[Provider, Provider], path: str) -> None:
    """Whatever a provider answers, the person reads that the sign-in did not work, and that is no bug of ours."""
    city = two[0]
    for shape in [(200, body) for body in SHAPES] + [(404, b"{}"), (302, b"{}"), (500, b"")]:
        browser = _browser()
        begun = _begun(browser, reverse("openid_connect_login", args=["city"]))
        city.answers = {path: shape}
        back = browser.get(f"{reverse('openid_connect_callback', args=['city'])}?{city.asked(begun)}")
        again = browser.post(reverse("openid_connect_login", args=["city"]))
        city.clear()
        assert back.status_code == 401 and again.status_code in (200, 401) and not _who(browser), shape


def test_what_is_published_is_of_the_issuer_of_the_settings(two: tuple[Provider, Provider]) -> None:
    """A discovery document of another issuer, or with an endpoint in the clear, is none."""
    city, other = two
    honest = city._plain("/.well-known/openid-configuration")
    for wrong in ({"issuer": other.url}, {"token_endpoint": "http://192.0.2.1/token"}, {"jwks_uri": "http://192.0.2.1/jwks"}):
        browser = _browser()
        city.answers = {"/.well-known/openid-configuration": (200, json.dumps(honest | wrong).encode())}
        assert browser.post(reverse("openid_connect_login", args=["city"])).status_code == 401, wrong


def test_a_code_of_another_provider_is_none(two: tuple[Provider, Provider]) -> None:
    """RFC 9207, and the state is the provider's."""
    city, other = two
    browser = _browser()
    assert _oidc(browser, city, more=f"&{urlencode({'iss': other.url})}").status_code == 401 and not _who(browser)
    begun = _begun(browser, reverse("openid_connect_login", args=["city"]))
    back = browser.get(f"{reverse('openid_connect_callback', args=['other'])}?{other.asked(begun)}")
    assert back.status_code == 401 and not _who(browser)


@pytest.mark.rule(
    "P-07",
    "A name at a provider that only resembles a person's is refused, and the URL cannot change the request to a provider.",
)
@pytest.mark.parametrize("name", ["\uff49nes", "\u0131nes", " ines", "ine\u017f", "e-17 ", "\uff25-17", "ines\u200b"])
def test_a_name_that_only_looks_like_anothers_is_nobodys(two: tuple[Provider, Provider], name: str) -> None:
    """Where people choose their names, nothing is made alike."""
    two[0].sub, browser = name, _browser()
    assert _oidc(browser, two[0]).status_code in (401, 403) and not _who(browser)


def test_an_address_says_nothing_of_what_the_provider_is_asked(two: tuple[Provider, Provider]) -> None:
    """Neither where the code goes, nor for what, nor as whom."""
    bent = {
        "auth_params": "redirect_uri=https://evil.example/&client_id=evil&response_type=token&nonce=x&state=x",
        "scope": "admin",
    }
    begun = _begun(_browser(), f"{reverse('openid_connect_login', args=['city'])}?{urlencode(bent)}")
    asked = parse_qs(urlsplit(begun).query)
    assert (
        asked["client_id"] == [CLIENT]
        and asked["response_type"] == ["code"]
        and set(asked["scope"][0].split()) == {"openid", "profile"}
    )
    assert asked["redirect_uri"] == ["http://mail.city.example/accounts/oidc/city/login/callback/"]
    assert asked["state"] != ["x"] and asked["nonce"] != ["x"] and "evil" not in begun


@pytest.mark.parametrize(
    "where", ["https://localhost/x", "//localhost", "https://autoconfig.city.example/", "//evil.example", "/\\evil.example"]
)
def test_nobody_is_led_to_another_name_of_ours_or_of_others(two: tuple[Provider, Provider], where: str) -> None:
    assert _oidc(_browser(), two[0], next=where)["Location"] == "/"


@pytest.mark.rule("P-07", "Providers get only data from the settings about us, and no request in clear text.")
def test_we_are_where_the_settings_say(provided: Any, two: tuple[Provider, Provider], idp: Idp) -> None:
    """No name of a request, and nothing in the clear, stands in what a provider is told of us."""
    provided.CITY = dataclasses.replace(provided.CITY, web=dataclasses.replace(provided.CITY.web, url="https://mail.city.example"))
    browser = Client(HTTP_HOST="localhost")
    begun = parse_qs(urlsplit(_begun(browser, reverse("openid_connect_login", args=["city"]))).query)
    assert begun["redirect_uri"] == ["https://mail.city.example/accounts/oidc/city/login/callback/"]
    asked = parse_qs(urlsplit(_begun(browser, reverse("saml_login", args=["hall"]))).query)["SAMLRequest"][0]
    request = zlib.decompress(base64.b64decode(asked), -15).decode()
    assert "https://mail.city.example/accounts/saml/hall/acs/" in request and "localhost/accounts" not in request
    assert b"http://" not in browser.get(reverse("saml_metadata", args=["hall"])).content.replace(b"http://www.w3.org", b"")
    inside = _browser()
    _saml(inside, idp)
    assert _who(inside) == "ines", "and an answer to there is taken"


@pytest.mark.rule("P-07", "No database row defines a provider, or a person's identity.")
def test_a_row_of_the_database_is_no_provider(two: tuple[Provider, Provider]) -> None:
    """Whoever writes to the database makes nobody a provider, and no identity another person's."""
    city, other = two
    said = {"server_url": other.url, "claim": "sub", "uid_field": "sub"}
    row = SocialApp.objects.create(provider="openid_connect", provider_id="evil", name="Evil", client_id=CLIENT, settings=said)
    row.sites.add(1)
    assert _browser().post(reverse("openid_connect_login", args=["evil"])).status_code == 404
    browser = _browser()
    SocialAccount.objects.create(provider="city", uid="e-17", user_id=account(person("e-19", "Ada Else"), "ada").pk)
    _oidc(browser, city)
    assert _who(browser) == "ines"


@pytest.mark.rule(
    "P-07",
    "A sign-in at a provider is as fresh as the provider states; an existing session there proves nothing now.",
)
def test_who_was_not_asked_again_has_proved_nothing(two: tuple[Provider, Provider], idp: Idp) -> None:
    """A browser that is signed in at the provider comes back without a word; that opens no step-up, and a provider that
    does not say when it asked gives none."""
    city, other = two
    city.claims = {"auth_time": now_ms() // 1000 - 7200}
    for sign_in in (lambda b: _oidc(b, city), lambda b: _oidc(b, other, "other"), lambda b: _saml(b, idp, before=_asked_at(-7200))):
        browser = _browser()
        Identity.objects.all().delete()  # an officer released the last one
        sign_in(browser)
        assert _who(browser) == "ines" and not step_up.is_fresh(_with(browser))
        assert browser.get(reverse("mfa_add_webauthn"))["Location"].startswith(reverse("signin-again"))
    browser = _browser()
    Identity.objects.all().delete()
    assert b"auth_time" in _oidc(browser, other, "other", again="1").content and not _who(browser)
    fresh: tuple[Callable[[Client], Any], ...] = (lambda b: _oidc(b, city, again="1"), lambda b: _saml(b, idp))
    city.claims = {"auth_time": now_ms() // 1000}
    for sign_in in fresh:
        browser = _browser()
        Identity.objects.all().delete()
        sign_in(browser)
        assert step_up.is_fresh(_with(browser))


def test_saml_is_told_to_ask_again(idp: Idp) -> None:
    """ForceAuthn."""
    asked = parse_qs(urlsplit(_begun(_browser(), f"{reverse('saml_login', args=['hall'])}?again=1")).query)["SAMLRequest"][0]
    assert b'ForceAuthn="true"' in zlib.decompress(base64.b64decode(asked), -15)


def _with(browser: Client) -> Any:
    return type("Request", (), {"session": browser.session})()


def _data(root: Any) -> Any:
    return root.find(f".//{ASSERTED}SubjectConfirmationData")


def _asked_at(seconds: int) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        root.find(f".//{ASSERTED}AuthnStatement").set("AuthnInstant", f"{at:%Y-%m-%dT%H:%M:%SZ}")

    return change


def _without(name: str) -> Callable[[Any], None]:
    return lambda root: _data(root).attrib.pop(name)


def _for_anybody(root: Any) -> None:
    conditions = root.find(f".//{ASSERTED}Conditions")
    conditions.remove(conditions[0])


BENT: dict[str, dict[str, Any]] = {
    "unsolicited": {"before": _without("InResponseTo")},
    "for no time": {"before": _without("NotOnOrAfter")},
    "for no place": {"before": _without("Recipient")},
    "for a place that has ours in it": {
        "before": lambda r: _data(r).set("Recipient", f"https://evil.example/?{_data(r).get('Recipient')}")
    },
    "for anybody": {"before": _for_anybody},
    "sent to a place that begins like ours": {"after": lambda r: r.set("Destination", f"{r.get('Destination')}x/")},
    "to another request": {"after": lambda r: r.set("InResponseTo", "_other")},
}


@pytest.mark.parametrize("bent", BENT.values(), ids=list(BENT))
def test_an_assertion_is_bound_by_what_is_signed(idp: Idp, bent: dict[str, Any]) -> None:
    """To one request, one place, one audience, one time."""
    browser = _browser()
    assert _saml(browser, idp, **bent).status_code == 401 and not _who(browser)


@pytest.mark.rule(
    "P-07",
    "A SAML assertion is bound by signed data to one request of this session, one endpoint, one audience and one time; "
    "other posted data are discarded, and sign nobody out.",
)
def test_a_stolen_assertion_answers_no_request_of_the_thief(idp: Idp) -> None:
    """Whoever has an answer that somebody else got puts the number of a request of their own around it."""
    stolen: list[str] = []
    acs, form = idp.answer(_begun(_browser(), reverse("saml_login", args=["hall"])), "e-17", before=_without("InResponseTo"))
    thief = _browser()
    begun = _begun(thief, reverse("saml_login", args=["hall"]))
    request = zlib.decompress(base64.b64decode(parse_qs(urlsplit(begun).query)["SAMLRequest"][0]), -15).decode()
    own = re.search(r'ID="([^"]+)"', request)
    assert own
    stolen = re.findall(r'InResponseTo="([^"]+)"', base64.b64decode(form["SAMLResponse"]).decode())
    bent = base64.b64decode(form["SAMLResponse"]).replace(stolen[0].encode(), own[1].encode())
    answer = thief.post(urlsplit(acs).path, form | {"SAMLResponse": base64.b64encode(bent).decode()}, follow=True)
    assert answer.status_code == 401 and not _who(thief)


def test_whoever_posts_answers_leaves_nothing(idp: Idp) -> None:
    """Neither of what is no answer, nor of one that is good; and a provider that is not there is not there."""
    before = Session.objects.count()
    for said in (
        "",
        "%%%",
        "é",
        "A" * 300_000,
        base64.b64encode(b"<a>" * 50_000).decode(),
        base64.b64encode(b"<!DOCTYPE a []><a/>").decode(),
    ):
        assert _browser().post(reverse("saml_acs", args=["hall"]), {"SAMLResponse": said}).status_code == 401
    assert _browser().post(reverse("saml_acs", args=["nowhere"]), {"SAMLResponse": "A" * 100}).status_code == 404
    asker = _browser()
    acs, form = idp.answer(_begun(asker, reverse("saml_login", args=["hall"])), "e-17")
    there = Session.objects.count()
    onward = _browser().post(urlsplit(acs).path, form)["Location"]
    assert Session.objects.count() == there == before + 1
    assert _browser().get(onward).status_code == 401, "the session that asked is another"
    assert asker.get(onward).status_code == 302 and _who(asker) == "ines"
    assert asker.get(onward).status_code == 401, "and it asked once"


def test_a_page_elsewhere_signs_nobody_out(idp: Idp) -> None:
    """A request to sign out that anybody could have written ends nothing, and leads nowhere."""
    browser = _browser()
    _saml(browser, idp)
    says = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_x" Version="2.0"'
    request = f"<samlp:LogoutRequest {says}>{idp.entity}</samlp:LogoutRequest>"
    packed = base64.b64encode(zlib.compress(request.encode())[2:-4]).decode()
    answer = browser.get("/accounts/saml/hall/sls/", {"SAMLRequest": packed, "RelayState": "https://evil.example/"})
    assert answer.status_code == 404 and _who(browser) == "ines"
    assert b"SingleLogoutService" not in browser.get(reverse("saml_metadata", args=["hall"])).content


@pytest.mark.parametrize("key", ["issuer", "sso"])
def test_nobody_who_signs_people_in_is_asked_in_the_clear(installed: Path, key: str) -> None:
    """Whoever stands in between could be anybody."""
    table = "oidc" if key == "issuer" else "saml"
    toml = installed / "civicmail.toml"
    had = toml.read_text()
    for url, good in (("http://id.city.example", False), ("https://id.city.example", True), ("http://127.0.0.1:9000/x", True)):
        toml.write_text(f'{had}\n[[signin.{table}]]\n{key} = "{url}"\n')
        if good:
            load(installed, None)
        else:
            with pytest.raises(ConfigError, match="https"):
                load(installed, None)
