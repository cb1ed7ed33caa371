"""The demand watch: one global network for the distribution of demand, far out in its tails too."""
