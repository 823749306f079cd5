"""One file for each system that is no choice of four parts."""
