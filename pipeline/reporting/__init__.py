"""The page of a run: gathering its figures, drawing them, and putting them on one offline page."""
