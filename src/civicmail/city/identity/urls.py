"""Addresses of the pages of access."""

from __future__ import annotations

from django.urls import path

from civicmail.city.identity.acts import agencies as agency_acts
from civicmail.city.identity.acts import departments as department_acts
from civicmail.city.identity.acts import feed_keys, roles
from civicmail.city.identity.acts import lists as list_acts
from civicmail.city.identity.acts import mailboxes as mailbox_acts
from civicmail.city.identity.acts import people as people_acts
from civicmail.city.identity.acts import rights as right_acts
from civicmail.city.identity.acts.access_requests import WITHDRAW_REQUEST
from civicmail.city.identity.acts.endings import CALL_OFF_ENDING
from civicmail.city.identity.acts.feeds import APPLY_FEED, REJECT_FEED
from civicmail.city.identity.acts.personal_use import END_PERSONAL_USE
from civicmail.city.identity.acts.preferences import SET_PREFERENCES
from civicmail.city.identity.acts.protections import END_PROTECTION, PROTECT_MAIL
from civicmail.city.identity.acts.sign_ins import RELEASE_SIGN_IN
from civicmail.city.identity.lists.access_requests import ACCESS_REQUESTS
from civicmail.city.identity.lists.agencies import AGENCIES
from civicmail.city.identity.lists.departments import DEPARTMENTS
from civicmail.city.identity.lists.endings import ENDINGS
from civicmail.city.identity.lists.mailboxes import DEPARTMENT_MAILBOXES, MAILBOXES
from civicmail.city.identity.lists.mailing_lists import DEPARTMENT_MAILING_LISTS, MAILING_LISTS
from civicmail.city.identity.lists.people import PEOPLE
from civicmail.city.identity.views import (
    access_requests,
    agencies,
    aliases,
    bulk_authorization,
    departments,
    entries,
    feedkeys,
    feedmaps,
    feeds,
    leavers,
    letter_keys,
    lists,
    mailboxes,
    my_access,
    office,
    person_completion,
    personal_use,
    policy,
    policy_versions,
    protected,
    request_access,
    roster,
    shared_answer,
    viewings,
)
from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths

LISTS = (
    AGENCIES,
    DEPARTMENTS,
    DEPARTMENT_MAILBOXES,
    DEPARTMENT_MAILING_LISTS,
    MAILBOXES,
    MAILING_LISTS,
    PEOPLE,
    ACCESS_REQUESTS,
    ENDINGS,
)
urlpatterns = [
    *list_pages.paths(LISTS),
    path("my/access/", my_access.access, name="my-access"),
    path("my/keys/", letter_keys.switch, name="letter-keys"),
    *paths([SET_PREFERENCES]),
    path("my/viewings/", viewings.viewings, name="my-viewings"),
    path("policy/versions/<int:version>/", policy.read, name="policy"),
    path("policy/text/", policy.clauses, name="policy-text"),
    path("acknowledge/<int:version>/", policy.acknowledge, name="acknowledge"),
    path("people/complete/", person_completion.complete, name="people-complete"),
    path("dept/<slug:department>/people/<str:uid>/", roster.person, name="person"),
    *paths(people_acts.ACTS),
    path("dept/<slug:department>/positions/", bulk_authorization.positions, name="positions"),
    path("dept/<slug:department>/positions/one/", bulk_authorization.position, name="position"),
    path("dept/<slug:department>/positions/profile/", bulk_authorization.profile, name="profile"),
    path("dept/<slug:department>/positions/review/", bulk_authorization.review, name="review"),
    path("dept/<slug:department>/personal-use/", personal_use.rules, name="personal-use"),
    *paths([END_PERSONAL_USE]),
    path("dept/<slug:department>/leavers/new/", leavers.leaver, name="leaver"),
    path("dept/<slug:department>/requests/together/", shared_answer.together, name="requests-together"),
    path("access/requests/new/", request_access.new, name="request-new"),
    path("access/requests/<int:pk>/", access_requests.show, name="request"),
    *paths([WITHDRAW_REQUEST, *right_acts.ACTS, CALL_OFF_ENDING]),
    path("access/", office.overview, name="office"),
    *paths([department_acts.OPEN_DEPARTMENT, *department_acts.ON_DEPARTMENTS]),
    path("access/departments/<slug:department>/", departments.department, name="department"),
    *paths([agency_acts.ADD_AGENCY]),
    path("access/agencies/<slug:code>/", agencies.agency, name="agency"),
    *paths([mailbox_acts.MAKE_MAILBOX]),
    path("access/mailboxes/<str:address>/", mailboxes.mailbox, name="mailbox"),
    *paths([*mailbox_acts.ON_MAILBOXES, mailbox_acts.ASK_GRANT]),
    path("access/addresses/", aliases.whose, name="whose"),
    *paths([list_acts.MAKE_LIST]),
    path("access/lists/<str:address>/", lists.show, name="list"),
    *paths(list_acts.ON_LISTS),
    path("access/policy/", policy_versions.versions, name="policies"),
    path("access/policy/new/", policy_versions.new, name="policy-new"),
    path("access/policy/paper/", policy_versions.paper, name="policy-paper"),
    path("access/feeds/", feeds.feeds, name="feeds"),
    path("access/feeds/new/", feeds.new, name="feed-new"),
    path("access/feeds/columns/<int:pk>/", feedmaps.meaning, name="feed-map"),
    path("access/feeds/mappings/", feedmaps.mappings, name="feed-maps"),
    path("access/feeds/providers/", feedkeys.keys, name="feed-keys"),
    path("access/feeds/providers/new/", feedkeys.new, name="feed-key-new"),
    *paths([feed_keys.END_FEED_KEY, feed_keys.FORGET_MAPPING]),
    path("access/feeds/<int:pk>/", feeds.run, name="feed"),
    *paths([APPLY_FEED, REJECT_FEED]),
    path("access/unlocks/", office.unlocks, name="unlocks"),
    *paths([RELEASE_SIGN_IN]),
    path("access/endings/<int:pk>/", office.ending, name="ending"),
    path("access/protected/", protected.protected, name="protected"),
    *paths([PROTECT_MAIL, END_PROTECTION]),
    path("access/duties/", office.role_assignments, name="duty-grants"),
    *paths([*roles.ACTS, *agency_acts.ACTS[1:]]),
    path("oversight/audit/", entries.entries, name="entries"),
    path("oversight/audit/<int:pk>/", entries.entry, name="entry"),
]
