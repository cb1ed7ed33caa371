"""The serving directory: a pair behind one link, and every way in which it changes."""
