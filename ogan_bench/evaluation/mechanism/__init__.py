"""What do the two terms of the loss do to each other?"""
