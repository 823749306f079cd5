"""A study file and its trials: read, checked and planned without torch."""
