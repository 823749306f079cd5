"""Which modes does the generator cover?"""
