"""Somebody signs in to the pages with the password, and sets up a passkey, as whoever has one factor alone has to."""

from __future__ import annotations

from typing import Any

from pages.passkeys import Authenticator


def signed_in(browser: Any, home: str, login: str, password: str) -> Any:
    """A page of a browser of theirs, on Home. Its device holds the passkey; it goes with the browser."""
    page = browser.new_context().new_page()
    Authenticator(page)
    page.goto(f"{home}/accounts/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/accounts/2fa/second/")
    page.get_by_role("link", name="Add a passkey").click()
    page.fill("[name=name]", "This computer")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda url: not url.endswith(("/webauthn/add/", "/second/")))
    return page
