"""Push history, the page of a push, and what comes before and after it is sent."""
