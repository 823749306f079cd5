"""Do single dimensions carry single factors?"""
