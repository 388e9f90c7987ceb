from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "fullscore.domains.foundation.access"
    label = "access"
