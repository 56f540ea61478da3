"""The pages, by subject. They decide nothing: read the form, call one verb.

A folder for each subject, with its `ModelAdmin` and its pages; beside the folders what several of
them are made of. A folder imports what lies beside it and those that the architecture's test
names, never the other way.
"""

from __future__ import annotations

from . import readiness, record, transactions, webhook_messages  # noqa: F401
from .clients import accounts, company, connection  # noqa: F401
from .feeds import closures, runs, schedules  # noqa: F401
from .holding import incidents  # noqa: F401
from .holding import model_admin as holding  # noqa: F401
from .people import model_admin as people  # noqa: F401
from .pushes import model_admin as pushes  # noqa: F401
from .resending import model_admin as resending  # noqa: F401
from .statements import doubts, profiles, received_files, senders  # noqa: F401
from .statements import model_admin as statements  # noqa: F401
