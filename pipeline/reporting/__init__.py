"""The page of a run: gathering its metrics, drawing them, and putting them on one offline page."""
