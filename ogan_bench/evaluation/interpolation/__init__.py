"""What lies between two codes, decoded?"""
