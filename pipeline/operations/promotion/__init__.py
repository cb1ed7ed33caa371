"""Whether a challenger is promoted: plans of both pairs in, a decision with its reasons out."""
