"""Inputs that nobody would write on purpose, minimised by hypothesis where one of them is answered with a traceback.

Each of five tests tries as many inputs as the profile of hypothesis says: 100 in ``make test``, 2,000 in ``make fuzz``
(``--hypothesis-profile=fuzz``).
"""
