"""Files of transactions: by hand or from a core system, their profiles, rows to decide."""
