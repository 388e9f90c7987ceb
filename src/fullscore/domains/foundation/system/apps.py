from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "fullscore.domains.foundation.system"
    label = "system"
