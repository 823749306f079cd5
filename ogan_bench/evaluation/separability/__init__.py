"""What can a simple classifier read from a code?"""
