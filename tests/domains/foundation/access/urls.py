"""The pages of access, and a few to go to."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.foundation.access.pages import PATTERNS


@login_required
def home(request):
    return HttpResponse(f"home of {request.user.email}")


urlpatterns = [
    *PATTERNS,
    path("", home, name="home"),
    path("live/changes", home, name="live-changes"),
    path("accounts/1/grant", home, name="account-grant"),
]
handler403 = "fullscore.interfaces.web.problems.not_allowed"
handler404 = "fullscore.interfaces.web.problems.not_found"
