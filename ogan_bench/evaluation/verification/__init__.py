"""Do quantities of fidelity and diversity do what their names say, where the truth is known?

After the idea of O. Räisä, B. van Breugel and M. van der Schaar, Position: All Current Generative
Fidelity and Diversity Metrics are Flawed, 2025, https://arxiv.org/abs/2505.22450. The experiments,
their sizes and the criteria are our own.
"""
