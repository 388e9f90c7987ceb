from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "fullscore.domains.foundation.directory"
    label = "directory"
