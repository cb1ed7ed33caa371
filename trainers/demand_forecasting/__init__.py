"""One global network: quantiles of demand for each of the next H periods."""
