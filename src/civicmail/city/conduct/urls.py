"""Addresses of the pages of conduct."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from civicmail.city.conduct.views import answers, campaigns, closing, leavers, outside, reconciling, reviews, statements

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("civicmail.city.conduct.violationurls")),
    path("dept/<slug:department>/statement/", statements.of_department, name="statements"),
    path("dept/<slug:department>/statement/<str:half>/", statements.one, name="statement"),
    path("dept/<slug:department>/leavers/", leavers.of_department, name="leavers"),
    path("dept/<slug:department>/leavers/<int:pk>/", leavers.one, name="left"),
    path("dept/<slug:department>/leavers/<int:pk>/close/", closing.new, name="closure-new"),
    path("dept/<slug:department>/reconcile/", reconciling.of_department, name="dept-reconcile"),
    path("access/reconcile/", reconciling.everywhere, name="reconcile"),
    path("access/closures/", closing.everywhere, name="closures"),
    path("access/closures/<int:pk>/", closing.one, name="closure"),
    path("dept/<slug:department>/people/<str:uid>/outside/", outside.person, name="outside-person"),
    path("access/outside/", outside.doors, name="outside-doors"),
    path("access/outside/new/", outside.new, name="outside-new"),
    path("access/outside/endings/", outside.endings, name="outside-endings"),
    path("access/outside/endings/<int:pk>/", outside.confirm, name="outside-confirm"),
    path("access/outside/accounts/<int:pk>/end/", outside.take, name="outside-take"),
    path("access/outside/doors/<slug:code>/", outside.door, name="outside-door"),
    path("access/outside/doors/<slug:code>/people/", outside.give, name="outside-give"),
    path("access/outside/doors/<slug:code>/close/", outside.close, name="outside-close"),
    path("access/statements/", statements.everywhere, name="all-statements"),
    path("dept/<slug:department>/reviews/", reviews.of_department, name="dept-reviews"),
    path("dept/<slug:department>/reviews/<int:pk>/", reviews.review, name="access-review"),
    path("reviews/keys/", reviews.keys, name="review-keys"),
    path("reviews/rows/<int:pk>/keep/", answers.keep, name="review-keep"),
    path("reviews/rows/<int:pk>/end/", answers.end, name="review-end"),
    path("reviews/rows/<int:pk>/change/", answers.change, name="review-change"),
    path("reviews/rows/<int:pk>/not-mine/", answers.not_mine, name="review-not-mine"),
    path("reviews/rows/<int:pk>/unsure/", answers.unsure, name="review-unsure"),
    path("reviews/rows/<int:pk>/undo/", answers.undo, name="review-undo"),
    path("reviews/parts/<int:pk>/rest/", answers.rest, name="review-rest"),
    path("reviews/parts/<int:pk>/stand-in/", answers.stand_in, name="review-stand-in"),
    path("access/campaigns/", campaigns.campaigns, name="campaigns"),
    path("access/campaigns/new/", campaigns.new, name="campaign-new"),
    path("access/campaigns/essential/", campaigns.essential, name="essential"),
    path("access/campaigns/essential/new/", campaigns.essential_new, name="essential-new"),
    path("access/campaigns/essential/<int:pk>/end/", campaigns.essential_end, name="essential-end"),
    path("access/campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("access/campaigns/<int:pk>/start/", campaigns.start, name="campaign-start"),
    path("access/campaigns/<int:pk>/call-off/", campaigns.call_off, name="campaign-call-off"),
    path("access/campaigns/<int:pk>/remind/", campaigns.remind, name="campaign-remind"),
    path("access/campaigns/<int:pk>/round/", campaigns.again, name="campaign-round"),
    path("access/campaigns/<int:pk>/pack/", campaigns.pack, name="campaign-pack"),
    path("access/campaigns/<int:pk>/held-back/<slug:department>/", campaigns.batch, name="campaign-batch"),
    path("access/campaigns/rows/<int:pk>/retry/", campaigns.retry, name="campaign-retry"),
]
