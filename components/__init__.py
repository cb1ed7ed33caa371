"""Components of our own for TFX.

They are classes with an executor each, and no functions under TFX's experimental ``@component``: that names type and
executor after the function, and both are part of the cache key; ``code``, which only the key needs, would be an
argument that nothing reads; and a function is not told which run it belongs to.
"""
