"""Who gets in: lock-out by name and address, the second factor, the age of sessions, and new
passwords by mail. Pages of its own before the admin's; the admin asks `is_complete`.
"""
