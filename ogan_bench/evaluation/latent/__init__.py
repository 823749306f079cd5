"""What remains of a code after decoding and encoding?"""
