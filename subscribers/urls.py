from django.urls import path

from subscribers import views

# Links in mail end without a slash: a one-click POST must not meet a redirect.
urlpatterns = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/check-your-inbox/", views.check_inbox, name="check_inbox"),
    path("confirm/<token>", views.confirm_address, name="confirm"),
    path("preferences/<token>", views.edit_preferences, name="preferences"),
    path("u/<token>", views.leave, name="unsubscribe"),
]
