"""Can G produce a given image at all?"""
