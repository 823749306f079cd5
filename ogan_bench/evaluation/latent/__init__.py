"""What remains of a code after G and E?"""
