"""Can G make an image at all?"""
