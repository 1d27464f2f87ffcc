from django.urls import path

from subscribers.views import changing_address, confirmation, leaving, preferences, saved, sign_up, start

# Links in mail end without a slash: a one-click POST must not meet a redirect.
urlpatterns = [
    path("subscribe/", sign_up.subscribe, name="subscribe"),
    path("subscribe/preview", start.preview, name="start_preview"),
    path("subscribe/check-your-inbox/", sign_up.check_inbox, name="check_inbox"),
    path("confirm/<token>", confirmation.confirm_address, name="confirm"),
    path("preferences/<token>", preferences.edit_preferences, name="preferences"),
    path("preferences/<token>/preview", preferences.preview_preferences, name="preferences_preview"),
    path("preferences/<token>/address", changing_address.change_address, name="change_address"),
    path("saved/<token>", saved.show_saved, name="saved"),
    path("new-address/<token>", changing_address.confirm_new_address, name="new_address"),
    path("u/<token>", leaving.leave, name="unsubscribe"),
]
