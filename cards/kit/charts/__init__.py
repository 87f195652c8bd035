"""Charts: pure records with what is shown of them, and the card elements that show it."""
