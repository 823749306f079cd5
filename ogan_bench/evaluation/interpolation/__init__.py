"""What lies between two codes?"""
