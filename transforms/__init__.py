"""What the models see: the feature declaration and the one transform graph."""

import os

# TensorFlow Transform sets this to 1 on import where it is unset, and which Keras a process gets would then
# depend on the order of its imports. Every room that builds a model imports this one first.
os.environ["TF_USE_LEGACY_KERAS"] = "0"
