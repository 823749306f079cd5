"""How close are samples to real images, and how diverse?"""
