"""The documentation site: the pages of docs/, those made from the code, and the published reports.

The pages of docs/ are written for readers of the repository. :mod:`website.sources` lays them out
for Sphinx, together with pages that are made here from the definitions that the tool itself uses.
"""
