"""The product as a whole: its configuration and workspace, and rooms for what is done with them."""
