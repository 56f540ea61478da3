"""Two weeks of everyday life, one story for each person: October 20 to November 4, 2026.

A month ends on a Saturday in them, and the night after that the clocks go back.
"""
