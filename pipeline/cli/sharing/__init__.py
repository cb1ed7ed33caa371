"""Commands that speak to what is outside of a workspace: the registry, and the object store."""
