from django.apps import AppConfig


class FindingsConfig(AppConfig):
    name = "fullscore.domains.foundation.findings"
    label = "findings"
