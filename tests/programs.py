"""Programs of others that some tests and the demonstration run, and where they are."""

import os
import shutil
from pathlib import Path
from unittest import SkipTest


class NotInstalled(SkipTest):
    """A program is missing; says what to install. A test that needs it is skipped."""


def nginx() -> str:
    """The program. Raises NotInstalled."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        raise NotInstalled("nginx is not installed: apt-get install nginx-light")
    return found


def postgres() -> Path:
    """The folder of its programs: Debian's, or wherever they are on the path. Raises NotInstalled."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if not found:
        raise NotInstalled("PostgreSQL is not installed: apt-get install postgresql")
    return Path(found).parent
