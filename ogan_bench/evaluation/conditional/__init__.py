"""Does G obey its labels?"""
