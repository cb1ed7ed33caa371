"""New sales and stock since a plan: the series that they touch are planned again, all else stays."""
