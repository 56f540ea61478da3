"""Stops of sending, and incidents: their lists, pages and buttons."""
