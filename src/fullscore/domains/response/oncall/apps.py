from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "fullscore.domains.response.oncall"
    label = "oncall"
