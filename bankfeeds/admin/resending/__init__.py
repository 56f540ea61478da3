"""What goes again: choose, estimate, order, and what became of each push."""
