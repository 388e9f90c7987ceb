"""What the kit needs of the settings: mail from one address, a cache in the database."""

import json
import subprocess
import sys

import pytest
from django.core.cache import cache

from tests.installation import Installation

MAIL = """
from django.conf import settings as s
answer = [s.EMAIL_BACKEND.split(".")[-2], s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_USER,
          s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL]
"""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("", ["filebased", "", 587, "", "", False, False], id="none: into files"),
        pytest.param(
            "smtp://ann:p%40ss@mail.example.org",
            ["smtp", "mail.example.org", 587, "ann", "p@ss", True, False],
            id="STARTTLS",
        ),
        pytest.param(
            "smtps://mail.example.org",
            ["smtp", "mail.example.org", 465, "", "", False, True],
            id="TLS from the start",
        ),
        pytest.param(
            "smtp://127.0.0.1:25",
            ["smtp", "127.0.0.1", 25, "", "", False, False],
            id="this machine",
        ),
    ],
)
def test_mail_leaves_by(tmp_path, url, expected):
    place = Installation(tmp_path)
    environment = {**place.environment, "FULLSCORE_SMTP_URL": url}
    code = f"import json\n{MAIL}\nprint(json.dumps(answer))"

    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert json.loads(answer.stdout) == expected


@pytest.mark.django_db
def test_the_cache_has_its_table_after_migration():
    cache.set("answer", 42)

    assert cache.get("answer") == 42
