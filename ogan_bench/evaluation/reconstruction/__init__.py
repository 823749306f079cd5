"""How near does an image come back?"""
