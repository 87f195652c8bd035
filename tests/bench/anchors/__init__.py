"""What our bot is measured against: the stock SDK, and the least that a program could do."""
