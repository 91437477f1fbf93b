"""Addresses of people: signing in, one's own page, the administrator's pages, the log."""

from django.urls import URLPattern, URLResolver, include, path

from breakwater.people import sign_in_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in_views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", sign_in_views.sign_out, name="sign-out"),
    path("me/", views.me, name="me"),
    path("me/password/", views.password, name="password"),
    path("me/keys/", views.make_key, name="key-make"),
    path("me/keys/<int:pk>/revoke/", views.revoke_key, name="key-revoke"),
    path("people/", views.people, name="people"),
    path("people/add/", views.add_person, name="person-add"),
    path("people/agencies/add/", views.add_agency, name="agency-add"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/active/", views.set_active, name="person-active"),
    path("people/<int:pk>/password/", views.reset_password, name="person-password"),
    path("", include("breakwater.people.log_urls")),
]
