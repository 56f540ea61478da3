"""Who may sign in, in which group, and what becomes of those who leave."""
