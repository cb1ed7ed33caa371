"""Lets tools that know only setup.py (remote Beam workers among them) install the project."""

from setuptools import setup

setup()
