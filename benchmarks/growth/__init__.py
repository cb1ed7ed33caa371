"""How time and memory grow with what there is to do."""
