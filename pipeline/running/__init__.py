"""Runs nodes in processes of their own, on this machine or for an orchestrator, and ends a run."""
