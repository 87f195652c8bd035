"""The gallery: every card in every state as people see it, and what is wrong with the picture."""
