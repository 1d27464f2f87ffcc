from django.urls import path, register_converter

from papers import feeds, views


class SlugOfTopic:
    """The slug of a topic. Those of arXiv's categories have dots, and sources make them, so anything may be one."""

    regex = r"[^/]{1,60}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SlugOfTopic, "topic")

urlpatterns = [
    path("", views.home, name="home"),
    path("trending/<str:window>/", views.trending, name="trending"),
    path("trending/<str:window>/<str:day>/", views.trending_day, name="trending_day"),
    path("topics/", views.show_topics, name="topics"),
    path("topics/<topic:slug>/", views.show_topic, name="topic"),
    path("search/", views.search_papers, name="search"),
    path("papers/<int:paper_id>/", views.show_paper, name="paper"),
    path("papers/<int:paper_id>/bibtex", views.show_bibtex, name="bibtex"),
    path("about/", views.about, name="about"),
    path("about/trending", views.about_trending, name="about_trending"),
    path("feeds/trending/<str:window>.atom", feeds.trending, {"form": "atom"}, name="feed_trending_atom"),
    path("feeds/trending/<str:window>.rss", feeds.trending, {"form": "rss"}, name="feed_trending_rss"),
    path("feeds/topics/<topic:slug>.atom", feeds.topic, {"form": "atom"}, name="feed_topic_atom"),
    path("feeds/topics/<topic:slug>.rss", feeds.topic, {"form": "rss"}, name="feed_topic_rss"),
    path("feeds/search.atom", feeds.searched, {"form": "atom"}, name="feed_search_atom"),
    path("feeds/search.rss", feeds.searched, {"form": "rss"}, name="feed_search_rss"),
]
