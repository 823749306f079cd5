"""How near are samples to real images, and how diverse?"""
