"""Companies, connections and source accounts: their lists and pages, and the ways out of them."""
