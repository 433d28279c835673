"""Clips and whole volumes, one answer each: found as folders of frames, files of several frames, and arrays."""
