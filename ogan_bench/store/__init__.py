"""What is stored of studies and trials; the only package that knows the paths of results."""
