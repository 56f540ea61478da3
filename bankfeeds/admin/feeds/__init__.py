"""Feeds that run by themselves: when, how their days went, and what came too late."""
