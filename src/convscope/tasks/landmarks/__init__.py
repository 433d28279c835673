"""Landmarks: each image has the same K points, and the network says where they are."""
