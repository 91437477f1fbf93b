"""Addresses of the pages on which entries live: board, entry, nomination, lists, appeals."""

from django.urls import URLPattern, path

from breakwater.worstof import appeal_desk_views, board_views, entry_views, list_views

_ENTRY = "worst-of/entries/<int:pk>/"
_APPEAL = "worst-of/appeals/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("worst-of/", board_views.board_page, name="worst-of"),
    path("worst-of/find/", board_views.find, name="worst-of-find"),
    path("worst-of/board.csv", board_views.board_csv, name="worst-of-csv"),
    path("worst-of/numbers.csv", board_views.numbers_csv, name="worst-of-numbers-csv"),
    path("worst-of/nominate/", entry_views.nominate, name="worst-of-nominate"),
    path(_ENTRY, entry_views.entry_page, name="worst-of-entry"),
    path(f"{_ENTRY}assess/", entry_views.assess, name="worst-of-assess"),
    path(f"{_ENTRY}sign/", entry_views.sign, name="worst-of-sign"),
    path(f"{_ENTRY}discuss/", entry_views.discuss, name="worst-of-discuss"),
    path(f"{_ENTRY}settle/", entry_views.settle, name="worst-of-settle"),
    path(f"{_ENTRY}remove/", entry_views.remove, name="worst-of-remove"),
    path(f"{_ENTRY}queue/", entry_views.queue_again, name="worst-of-queue"),
    path(f"{_ENTRY}restore/", entry_views.restore, name="worst-of-restore"),
    path(f"{_ENTRY}withdraw/", entry_views.withdraw, name="worst-of-withdraw"),
    path("worst-of/rules/", list_views.lists_page, name="worst-of-lists"),
    path("worst-of/rules/new/", list_views.new_list, name="worst-of-list-new"),
    path("worst-of/rules/<int:pk>/", list_views.change_list, name="worst-of-list"),
    path("worst-of/rules/<int:pk>/decide/", list_views.decide, name="worst-of-list-decide"),
    path("worst-of/appeals/", appeal_desk_views.board, name="worst-of-appeals"),
    path(_APPEAL, appeal_desk_views.page, name="worst-of-appeal"),
    path(f"{_APPEAL}decide/", appeal_desk_views.decide, name="worst-of-appeal-decide"),
]
