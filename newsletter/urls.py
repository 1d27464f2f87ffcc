from django.urls import path

from newsletter import views

urlpatterns = [
    path("digest/<token>", views.web_copy, name="web_copy"),
]
