"""What is left of a code on its way through G and E?"""
