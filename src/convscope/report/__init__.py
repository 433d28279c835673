"""What came out, for people: figures and one self-contained page."""
