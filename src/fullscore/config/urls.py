"""Every address. Filled from the resources; pages that are not list, detail or form follow."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
