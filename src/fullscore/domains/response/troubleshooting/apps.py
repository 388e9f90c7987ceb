from django.apps import AppConfig


class TroubleshootingConfig(AppConfig):
    name = "fullscore.domains.response.troubleshooting"
    label = "troubleshooting"
