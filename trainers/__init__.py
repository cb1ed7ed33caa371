"""The two models. Each package has its model, train, predict and evaluate; what they share lies here."""

import transforms  # noqa: F401 - decides which Keras this process gets, before TensorFlow is imported
