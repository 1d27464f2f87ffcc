from django.urls import path

from papers import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search_papers, name="search"),
    path("papers/<int:paper_id>/", views.show_paper, name="paper"),
]
