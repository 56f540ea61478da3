#!/usr/bin/env python
from __future__ import annotations

import os
import sys


def main() -> None:
    # What we write (a SQLite file holds links that still work) is nobody else's to read.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
