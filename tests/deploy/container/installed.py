"""Run inside a container: prints name and version of each Python package of the product's environment."""

import importlib.metadata
import json
import site

found = importlib.metadata.distributions(path=site.getsitepackages())
print(json.dumps([[one.name, one.version] for one in found]))
