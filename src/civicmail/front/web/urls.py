"""All URLs; the sweep reads this table."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.urls.resolvers import RoutePattern

from civicmail.city.identity.acts import roles
from civicmail.city.pages.act_pages import paths
from civicmail.front.web import (
    dovecot_auth,
    health,
    language,
    ledger_page,
    my_roles,
    saved_views,
    search,
    sign_in_letters,
    state_words,
    urgent_examination,
)
from civicmail.front.web.api_page import page as api
from civicmail.front.web.department_report import report
from civicmail.front.web.firststeps import page as first
from civicmail.front.web.home import home
from civicmail.front.web.programs import answers
from civicmail.front.web.programs import pages as programs
from civicmail.front.web.signin.step_up import required
from civicmail.mail.screening import stspolicy


class Later(URLResolver):
    """Addresses whose module is imported with the first question: what only programs use would be a second of each start. Their
    names are looked up under their own namespace."""

    def __init__(self, below: str, module: str, app_name: str, namespace: str) -> None:
        super().__init__(RoutePattern(below), module, app_name=app_name, namespace=namespace)

    def _populate(self) -> None:
        """Register no names for reverse lookups."""


urlpatterns: list[URLPattern | URLResolver] = [
    # first what programs ask all day: each of the hundreds below is tried in turn
    Later("scim/", "civicmail.front.web.scim.urls", "scim", "scim"),
    Later("dav/", "civicmail.front.web.carddav.urls", "carddav", "carddav"),
    path("dav", answers.book, name="dav-home"),
    path(".well-known/carddav", answers.book, name="dav-known"),
    path("doors/password", dovecot_auth.password, name="door-password"),
    path("doors/user", dovecot_auth.user, name="door-user"),
    path("doors/introspect", dovecot_auth.introspect, name="door-introspect"),
    path("", home, name="home"),
    path("dept/<slug:department>/report/", report, name="department-report"),
    path("first-steps/", first.first_steps, name="first-steps"),
    path("claim/", first.claim, name="claim"),
    path("first-steps/lists/", first.make_lists, name="make-lists"),
    path("first-steps/identification/", first.identification, name="identification"),
    path("duties/", my_roles.my_roles, name="duties"),
    path("search/", search.search, name="search"),
    path("oversight/ledger/", ledger_page.ledger, name="ledger"),
    path("states/", state_words.states, name="states"),
    path("views/", saved_views.views, name="views"),
    path("views/save/", saved_views.save, name="view-save"),
    path("views/<int:pk>/delete/", saved_views.delete, name="view-delete"),
    path("access/people/<str:uid>/invite/", sign_in_letters.invite, name="invite"),
    path("access/people/<str:uid>/recover/", sign_in_letters.recover, name="recover"),
    *paths(roles.ACTS, required),
    path("access/sign-in-letters/", sign_in_letters.waiting_letters, name="letters"),
    path("access/sign-in-letters/<int:pk>/", sign_in_letters.hand_over, name="letter"),
    path("mandates/urgent/", urgent_examination.urgent, name="mandate-urgent"),
    path("language/", language.choose, name="language"),
    path("mail/config-v1.1.xml", answers.configuration, name="autoconfig"),
    path(".well-known/autoconfig/mail/config-v1.1.xml", answers.configuration, name="autoconfig-known"),
    re_path(r"^[Aa]uto[Dd]iscover/[Aa]uto[Dd]iscover\.xml$", answers.discovered, name="autodiscover"),
    re_path(
        r"^[Aa]uto[Dd]iscover/[Aa]uto[Dd]iscover\.json(?:/v1\.0/(?P<address>[^/]+))?/?$", answers.pointed, name="autodiscover-json"
    ),
    path(stspolicy.PATH, answers.policy, name="mta-sts"),
    path("set-up/", programs.set_up, name="set-up"),
    path("set-up/phone/", programs.phone, name="set-up-phone"),
    path("set-up/profile/", programs.profile, name="set-up-profile"),
    path("api/", api, name="api"),
    Later("api/v1/", "civicmail.front.web.api.urls", "ninja", "api"),
    path("", include("civicmail.front.web.signin.urls")),
    path("", include("civicmail.city.identity.urls")),
    path("", include("civicmail.city.conduct.urls")),
    path("", include("civicmail.front.web.system.urls")),
    path("", include("civicmail.desk.mailbox.views.write_urls")),
    path("", include("civicmail.desk.mailbox.urls")),
    path("", include("civicmail.desk.holding.urls")),
    path("", include("civicmail.desk.incidents.urls")),
    path("", include("civicmail.desk.oversight.urls")),
    path("", include("civicmail.desk.workbench.urls")),
    path("", include("civicmail.desk.records.urls")),
    path("", include("civicmail.desk.retention.urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]

handler400 = "civicmail.front.web.error_pages.bad_request"
handler403 = "civicmail.front.web.error_pages.forbidden"
handler404 = "civicmail.front.web.error_pages.not_found"
handler500 = "civicmail.front.web.error_pages.server_error"
