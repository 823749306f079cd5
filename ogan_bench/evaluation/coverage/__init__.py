"""Which modes are there?"""
