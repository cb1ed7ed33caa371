"""Systems whose optimum is known, and how near to it orders come."""
