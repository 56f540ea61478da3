from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from . import forgotten, views

app_name = "sign_in"
urlpatterns = [
    path("code/", views.code, name="code"),
    path("set-up/", views.set_up, name="set_up"),
    path("set-up/picture.svg", views.picture, name="picture"),
    path("recovery-codes/", views.recovery, name="recovery"),
    path("leave/", LogoutView.as_view(next_page="admin:login"), name="leave"),
    path("forgotten/", forgotten.Ask.as_view(), name="forgotten"),
    path("forgotten/mailed/", forgotten.Mailed.as_view(), name="mailed"),
    path("forgotten/chosen/", forgotten.Chosen.as_view(), name="chosen"),
    path("forgotten/<uidb64>/<token>/", forgotten.Choose.as_view(), name="choose"),
]
