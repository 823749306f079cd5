"""A study's page while it runs: what is stored, rendered in memory and served to this machine."""
