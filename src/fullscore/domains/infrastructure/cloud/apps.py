from django.apps import AppConfig


class CloudConfig(AppConfig):
    name = "fullscore.domains.infrastructure.cloud"
    label = "cloud"
