"""How close is an image to its reconstruction?"""
