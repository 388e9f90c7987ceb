"""What is a person's own: saved views, notifications, looks and keys."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.web.writing import go
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import Notification, SavedView, User

YEAR = 365 * 86_400
SCHEMES = [("", "As the system"), ("light", "Light"), ("dark", "Dark")]
DENSITIES = [("", "Comfortable"), ("compact", "Compact")]


@require_POST
def save_view(request: SignedIn, noun: str) -> HttpResponse:
    """Keep a list's filter, order and columns under a name; the same name again replaces it."""
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        raise Invalid("Give the view a name.")
    query = request.POST.get("query", "").lstrip("?")[:2000]
    resource = next((r for r in shell.resources() if r.noun == noun), None)
    if resource is None:
        raise NotFound("There is no such list.")
    kept = SavedView.objects.filter(owner=request.user, noun=noun, name=name).first()
    view = kept or SavedView(owner=request.user, noun=noun, name=name)
    with recorded(view, "save", by=request.user):
        view.query = query
        view.is_shared = bool(request.POST.get("is_shared"))
    messages.success(request, f"View “{name}” saved.")
    return go(request, f"{resource.url()}?{query}")


@require_POST
def forget_view(request: SignedIn, pk: int) -> HttpResponse:
    """Remove a view of one's own."""
    gone, _ = SavedView.objects.filter(pk=pk, owner=request.user).delete()
    if not gone:
        raise NotFound("That view is not yours, or gone already.")
    messages.success(request, "View removed.")
    return go(request, "/")


def notifications(request: SignedIn) -> HttpResponse:
    """Show what one was told; opening the page marks it read."""
    rows = Notification.objects.filter(user=request.user).order_by("-at")
    told = list(rows[:100])
    if request.method == "POST":
        rows.filter(read_at__isnull=True).update(read_at=time.now())
        return HttpResponseRedirect(request.path)
    return shell.page(request, "notifications.html", title="Notifications", told=told)


class Looks(forms.ModelForm[User]):
    """How the product looks and behaves for one person."""

    time_zone = forms.ChoiceField(choices=lambda: [(z, z) for z in time.zones()])
    theme = forms.ChoiceField(choices=SCHEMES, required=False)
    density = forms.ChoiceField(choices=DENSITIES, required=False)

    class Meta:
        model = User
        fields = ("name", "time_zone", "theme", "has_shortcuts")


def settings_page(request: SignedIn) -> HttpResponse:
    """Let a person set name, time zone, theme and keys.

    The rest of the account has its own pages.
    """
    user = request.user
    initial = {"density": request.COOKIES.get("density", "")}
    form = Looks(request.POST or None, instance=User.objects.get(pk=user.pk), initial=initial)
    if request.method == "POST" and form.is_valid():
        mine = User.objects.get(pk=user.pk)
        with recorded(mine, "change", by=mine):
            for name in Looks.Meta.fields:
                setattr(mine, name, form.cleaned_data[name])
        messages.success(request, "Saved.")
        answer = HttpResponseRedirect(request.path)
        answer.set_cookie("theme", mine.theme, max_age=YEAR, samesite="Lax", httponly=False)
        answer.set_cookie("density", form.cleaned_data["density"], max_age=YEAR, samesite="Lax")
        return answer
    return shell.page(request, "settings.html", title="Settings", form=form)
