from django.urls import path

from newsletter import feedback_views, feeds, health, interest_views, privacy_views, views, webhooks

urlpatterns = [
    path("healthz", health.show_health, name="health"),
    path("editions/", views.show_editions, name="editions"),
    path("editions/<slug:period>/", views.show_edition, name="edition"),
    path("feeds/editions.atom", feeds.editions, {"form": "atom"}, name="feed_editions_atom"),
    path("feeds/editions.rss", feeds.editions, {"form": "rss"}, name="feed_editions_rss"),
    path("feeds/editions/<slug:period>.atom", feeds.edition, {"form": "atom"}, name="feed_edition_atom"),
    path("feeds/editions/<slug:period>.rss", feeds.edition, {"form": "rss"}, name="feed_edition_rss"),
    path("privacy/", privacy_views.show_policy, name="privacy_policy"),
    path("privacy/<token>", privacy_views.show_everything, name="privacy"),
    path("privacy/<token>/paper-route.json", privacy_views.download_everything, name="privacy_download"),
    path("privacy/<token>/erase", privacy_views.erase_me, name="privacy_erase"),
    path("digest/<token>", views.web_copy, name="web_copy"),
    path("interests/<token>", interest_views.show_interests, name="interests"),
    path("interests/<token>/reset", interest_views.reset_interests, name="interests_reset"),
    path("hooks/<slug:provider>", webhooks.receive_events, name="webhook"),
    path("about/choosing", interest_views.show_how_chosen, name="about_choosing"),
    path("say/<token>/<int:paper_id>/<kind>", feedback_views.give_feedback, name="feedback"),
]
