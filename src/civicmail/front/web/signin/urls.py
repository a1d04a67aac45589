"""URLs of sign-in: those of allauth that we use, with step-up, and our own."""

from __future__ import annotations

from allauth.account import views as accounts
from allauth.mfa.base import views as mfa
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from civicmail.front.web.signin import demo, devices, my_sign_in, oidc, pages, recovery_codes, saml, second_factor, welcome
from civicmail.front.web.signin.step_up import required

_to_mine = RedirectView.as_view(pattern_name="my-sessions")

urlpatterns: list[URLPattern] = [
    path("accounts/login/", accounts.login, name="account_login"),
    path("demo/", demo.roles, name="demo"),
    path("accounts/logout/", accounts.logout, name="account_logout"),
    path("accounts/reauthenticate/", accounts.reauthenticate, name="account_reauthenticate"),
    path("accounts/again/", pages.again, name="signin-again"),
    path("accounts/password/change/", required(accounts.password_change), name="account_change_password"),
    path("accounts/password/set/", required(accounts.password_set), name="account_set_password"),
    path("accounts/welcome/", welcome.welcome, name="welcome"),
    path("accounts/welcome/<str:secret>/", welcome.enter, name="welcome-link"),
    path("accounts/2fa/", _to_mine, name="mfa_index"),
    path("accounts/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/totp/activate/", required(totp.activate_totp), name="mfa_activate_totp"),
    path("accounts/2fa/totp/deactivate/", required(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("accounts/2fa/recovery-codes/", required(recovery_codes.make), name="recovery-codes"),
    path("accounts/2fa/second/", second_factor.second, name="second-factor"),
    path("accounts/2fa/webauthn/", _to_mine, name="mfa_list_webauthn"),
    path("accounts/2fa/webauthn/add/", required(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("accounts/2fa/webauthn/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("accounts/2fa/webauthn/reauthenticate/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", required(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("accounts/oidc/<str:provider_id>/login/", pages.by_post(oidc.login), name="openid_connect_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    path("accounts/saml/<str:organization_slug>/login/", pages.by_post(saml.login), name="saml_login"),
    path("accounts/saml/<str:organization_slug>/acs/", saml.acs, name="saml_acs"),
    path("accounts/saml/<str:organization_slug>/acs/finish/", saml.finish_acs, name="saml_finish_acs"),
    path("accounts/saml/<str:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
    path("accounts/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("accounts/error/", social.login_error, name="socialaccount_login_error"),
    path("my/devices/", devices.index, name="my-devices"),
    path("my/devices/add/", devices.add_device, name="device-add"),
    path("my/devices/<slug:key>/end/", devices.end_device, name="device-end"),
    path("my/devices/<slug:key>/lost/", devices.lost, name="device-lost"),
    path("my/tokens/add/", devices.add_token, name="token-add"),
    path("my/tokens/programs/add/", devices.add_program_token, name="program-token-add"),
    path("my/tokens/<int:pk>/end/", devices.end_token, name="token-end"),
    path("my/sign-in/", my_sign_in.index, name="my-sessions"),
    path("my/sign-in/sessions/<int:pk>/end/", required(my_sign_in.end), name="session-end"),
    path("department/machines/<str:address>/", devices.machines, name="machines"),
    path("department/machines/<str:address>/add/", devices.add_machine, name="machine-add"),
]
