from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "fullscore.domains.overview.demo"
    label = "demo"
