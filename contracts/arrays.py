"""What arrays hold, as functions say it of what they take and give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
"""Of str, or of bytes where TensorFlow gives or takes them."""

Arrays = dict[str, NDArray[Any]]
"""By name, such as the features of windows and a model's answers."""
