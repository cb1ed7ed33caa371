"""Whether a training is due: figures from store, serving directory and artifacts in, a decision with reasons out."""
