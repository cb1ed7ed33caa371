"""Generated retailers that go the whole way, from files to an answered request.

``cases`` says what may differ and which combinations are tried; ``retailer`` makes the data up; ``files`` writes
them; ``way`` goes from the files to orders; ``invariants`` says what must hold whatever the data are; ``pool`` keeps
both cores busy with cases. ``python -m tests.matrix`` runs many of them, or repeats one.
"""
