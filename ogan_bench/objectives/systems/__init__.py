"""One file per system that is not a combination of the four parts."""
