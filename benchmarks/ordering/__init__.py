"""What orders cost: beside an optimum that is known, and by the rules of a challenge."""
