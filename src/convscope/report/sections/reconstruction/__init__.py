"""What a report shows of images that a network gives back: beside their originals, and what lies between."""
