"""What each pixel is: one of several classes, or which object it belongs to."""
