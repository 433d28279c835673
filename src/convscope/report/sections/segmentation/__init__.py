"""What a report shows of masks: overlays of the best and worst images, each class, objects and their counts."""
