"""URLs of the pages of conduct."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from civicmail.city.conduct.acts import external_systems as external_system_acts
from civicmail.city.conduct.acts import review_campaigns
from civicmail.city.conduct.acts.essential_mailboxes import MARK_ESSENTIAL, UNMARK_ESSENTIAL
from civicmail.city.conduct.acts.undertakings import GIVE_UNDERTAKING, RECORD_UNDERTAKING
from civicmail.city.conduct.acts.violations import NAME_VIOLATION, RECORD_VIOLATION
from civicmail.city.conduct.lists.bars import BARS
from civicmail.city.conduct.lists.essential_mailboxes import ESSENTIAL_MAILBOXES
from civicmail.city.conduct.lists.external_systems import EXTERNAL_SYSTEMS
from civicmail.city.conduct.lists.leavers import CLOSURES, LEAVERS
from civicmail.city.conduct.lists.statements import DEPARTMENT_STATEMENTS, STATEMENTS
from civicmail.city.conduct.lists.violations import DEPARTMENT_VIOLATIONS, VIOLATIONS
from civicmail.city.conduct.views import (
    account_closure,
    bars,
    complaints,
    discrepancies,
    external_access,
    external_systems,
    leavers,
    my_violations,
    review_answers,
    review_office,
    reviewer_screen,
    sponsors,
    statements,
    violation_steps,
    violations,
)
from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths

LISTS = (
    BARS,
    CLOSURES,
    DEPARTMENT_STATEMENTS,
    DEPARTMENT_VIOLATIONS,
    LEAVERS,
    STATEMENTS,
    VIOLATIONS,
    ESSENTIAL_MAILBOXES,
    EXTERNAL_SYSTEMS,
)
urlpatterns: list[URLPattern | URLResolver] = [
    *list_pages.paths(LISTS),
    path("dept/<slug:department>/statement/<str:half>/", statements.one, name="statement"),
    path("dept/<slug:department>/leavers/<int:pk>/", leavers.one, name="left"),
    path("dept/<slug:department>/leavers/<int:pk>/close/", account_closure.new, name="closure-new"),
    path("dept/<slug:department>/reconcile/", discrepancies.of_department, name="dept-reconcile"),
    path("access/reconcile/", discrepancies.everywhere, name="reconcile"),
    path("access/closures/<int:pk>/", account_closure.one, name="closure"),
    path("dept/<slug:department>/people/<str:uid>/outside/", external_access.person, name="outside-person"),
    path("access/outside/endings/", external_access.endings, name="outside-endings"),
    path("access/outside/doors/<slug:code>/", external_systems.door, name="outside-door"),
    path("access/outside/doors/<slug:code>/people/", external_systems.give, name="outside-give"),
    *paths(external_system_acts.ACTS),
    path("dept/<slug:department>/reviews/", reviewer_screen.of_department, name="dept-reviews"),
    path("dept/<slug:department>/reviews/<int:pk>/", reviewer_screen.review, name="access-review"),
    *review_answers.paths,
    path("access/campaigns/", review_office.campaigns, name="campaigns"),
    *paths([*review_campaigns.ACTS, MARK_ESSENTIAL, UNMARK_ESSENTIAL]),
    path("access/campaigns/<int:pk>/", review_office.campaign, name="campaign"),
    path("access/campaigns/<int:pk>/pack/", review_office.pack, name="campaign-pack"),
    path("complaints/new/", complaints.new, name="complaint"),
    path("violations/new/", my_violations.new, name="violation-new"),
    path("access/sponsors/", sponsors.everybody, name="sponsors"),
    path("my/sponsored/", sponsors.mine, name="my-sponsored"),
    path("my/violations/", my_violations.mine, name="my-violations"),
    path("my/violations/<int:pk>/", my_violations.one, name="my-violation"),
    *paths([GIVE_UNDERTAKING, RECORD_UNDERTAKING]),
    path("access/violations/<int:pk>/", violations.unnamed, name="violation-unnamed"),
    *paths([NAME_VIOLATION, RECORD_VIOLATION]),
    path("access/bars/<int:pk>/", bars.bar, name="bar"),
    path("dept/<slug:department>/violations/<int:pk>/", violations.one, name="violation"),
    path("dept/<slug:department>/violations/<int:pk>/<slug:what>/", violation_steps.do, name="violation-do"),
]
