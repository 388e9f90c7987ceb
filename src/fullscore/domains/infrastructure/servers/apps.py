from django.apps import AppConfig


class ServersConfig(AppConfig):
    name = "fullscore.domains.infrastructure.servers"
    label = "servers"
