"""The web process. It refuses to serve while a check fails: gunicorn by itself would not."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# What we write (a SQLite file holds links that still work) is nobody else's to read.
os.umask(0o077)

application = get_wsgi_application()

from bankfeeds.checks import refuse_to_start_broken  # noqa: E402 (needs the loaded applications)

refuse_to_start_broken()
