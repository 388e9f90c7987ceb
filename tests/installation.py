"""An installation of the product beside the test: own folder, own database, own processes."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Installation:
    """A data folder and a migrated database that other processes may use."""

    home: Path
    database_url: str = ""
    settings: str = "fullscore.config.settings"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("FULLSCORE_")},
            "FULLSCORE_HOME": str(self.home),
            "FULLSCORE_DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }

    def migrate(self) -> None:
        """Make its tables."""
        self.wait(
            self.start(
                "from django.core.management import call_command as c; c('migrate', verbosity=0)"
            )
        )

    def copy(self, connection: sqlite3.Connection) -> None:
        """Make its tables by a copy of a migrated SQLite database: far faster than migrating."""
        target = sqlite3.connect(self.home / "fullscore.sqlite3")
        with closing(target):
            connection.backup(target)

    def start(self, code: str) -> subprocess.Popen[str]:
        """Run Python code in a process of its own, with Django set up."""
        return subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self, process: subprocess.Popen[str], seconds: float = 240) -> str:
        """Return what a process wrote once it has ended well."""
        output, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, f"ended with {process.returncode}"
        return output

    def ask(self, code: str) -> Any:
        """Return the value that `code` leaves in `answer`, which must be JSON."""
        output = self.wait(
            self.start(f"import json\n{code}\nprint(json.dumps(answer, default=str))")
        )
        return json.loads(output.splitlines()[-1])
