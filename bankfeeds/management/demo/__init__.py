"""What `manage.py demo` is made of: a folder, three processes, and a story to walk through them.

The demo itself opens no database: its children do, in an environment that is theirs alone.
"""
