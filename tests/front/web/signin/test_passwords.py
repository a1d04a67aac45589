"""What a password may be (P-07; SP 800-63B, 3.1.1.2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from city.identity.signins import account, department
from civicmail.city.guard.models import Account
from civicmail.front.web import settings
from civicmail.front.web.signin import passwords

PASSWORD = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _in(password: str = PASSWORD) -> Client:
    browser = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    browser.post(reverse("account_login"), {"login": "ines", "password": password})
    return browser


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def _refused(password: str, who: Account) -> str:
    try:
        validate_password(password, who)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


@pytest.mark.rule("P-07", "A password known from leaks is refused.")
def test_the_list_has_what_leaked_and_is_long_enough_to_be_taken_otherwise() -> None:
    """A hundred and forty thousand of fifteen and more characters, in any case of letters."""
    listed = passwords.LISTED.read_bytes()
    rows = [listed[n : n + passwords.KEPT] for n in range(0, len(listed), passwords.KEPT)]
    assert len(rows) > 100_000 and rows == sorted(set(rows))
    for leaked in ("1qaz2wsx3edc4rfv", "PasswordPassword", "qwertyuiopasdfgh"):
        assert len(leaked) >= 15 and passwords.is_leaked(leaked)
    assert not passwords.is_leaked(PASSWORD) and not passwords.is_leaked("")


def test_a_leaked_password_is_refused_where_one_is_set_and_where_it_is_changed() -> None:
    ines, leaked = account(), "1qaz2wsx3edc4rfv"
    assert "leaked" in _refused(leaked, ines)
    ines.set_password(PASSWORD)
    ines.save()
    browser = _in()
    said = browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": leaked, "password2": leaked})
    assert b"leaked" in said.content and Account.objects.get().check_password(PASSWORD)


@pytest.mark.rule("P-07", "A password that consists mostly of words about the city or the person is refused.")
@pytest.mark.parametrize(
    "password",
    ["Sample City 2026!", "civicmail-city.example", "Moravec_Ines_e-17_ines", "Parks-and-Recreation1", "access officer 123456789"],
)
def test_words_of_the_city_and_of_the_person_are_no_password(password: str) -> None:
    """The program, the city and its domains, departments, roles, names, number and login."""
    department("parks").__class__.objects.filter(code="parks").update(name="Parks and Recreation")
    assert "names of the city" in _refused(password, account())


@pytest.mark.parametrize(
    "password",
    ["the sample jar of plums", "Springtime in Moravec mountains", "qzx" * 9, "ÄÖÜ 你好 тест пароль", "x" * 200, "1a!" * 9],
)
def test_any_characters_and_any_length_from_fifteen_on_are_taken(password: str) -> None:
    """Nothing asks for capitals, digits or signs, nothing is cut off, and the whole of it is compared as it was typed."""
    ines = account(password=PASSWORD)
    browser = _in()
    browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": password, "password2": password})
    assert Account.objects.get(pk=ines.pk).check_password(password)
    assert _is_in(_in(password)) and not _is_in(_in(password[:-1])) and not _is_in(_in(f"{password} "))
    swapped = password.swapcase()
    assert swapped == password or not _is_in(_in(swapped))


def test_fourteen_characters_are_too_few() -> None:
    assert "15" in _refused("plumsandumbrel", account())


def test_a_change_takes_the_old_password_and_the_new_one() -> None:
    account(password=PASSWORD)
    browser, new = _in(), "three purple umbrellas dance"
    for old in ("", "wrong", new):
        browser.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})
        assert Account.objects.get().check_password(PASSWORD)
    browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert Account.objects.get().check_password(new)


def test_a_password_is_good_for_as_long_as_nobody_changes_it() -> None:
    """Nothing of ours ends one by its age."""
    ines = account(password=PASSWORD)
    Account.objects.update(made="2001-01-01T00:00:00Z", last_login="2001-01-01T00:00:00Z")
    assert _is_in(_in()) and not [f.name for f in ines._meta.fields if "expire" in f.name or "changed" in f.name]


def test_fields_for_passwords_hide_them_and_let_managers_fill_them() -> None:
    """Masked, named for password managers, nothing in the way of pasting, and no hint or question."""
    account(password=PASSWORD)
    browser = _in()
    pages = [Client(HTTP_HOST="localhost").get(reverse("account_login")), browser.get(reverse("account_change_password"))]
    fields = [f for p in pages for f in re.findall(r"<input[^>]*name=\"[^\"]*password[^\"]*\"[^>]*>", p.content.decode())]
    assert len(fields) == 4
    for field in fields:
        assert 'type="password"' in field and re.search(r'autocomplete="(current|new)-password"', field), field
        assert "maxlength" not in field and "paste" not in field and "readonly" not in field
    script = passwords.LISTED.parent.parent / "static" / "cm"
    scripts = [p.name for p in script.glob("*.js") if re.search("paste|preventDefault\\(\\).*password", p.read_text())]
    assert scripts == ["complete.js"], "what is pasted becomes recipients, in the fields for people alone"


def test_a_password_is_kept_by_a_slow_hash() -> None:
    """PBKDF2 with SHA-256 and more rounds than are asked for (OWASP: 600,000); each with a salt of its own."""
    hasher = PBKDF2PasswordHasher()
    assert hasher.algorithm == "pbkdf2_sha256" and hasher.iterations >= 600_000
    assert len(hasher.salt()) >= 22 and hasher.salt() != hasher.salt()
    assert global_settings.PASSWORD_HASHERS[0].endswith("PBKDF2PasswordHasher") and "PASSWORD_HASHERS" not in vars(settings)
