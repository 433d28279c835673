"""Recorded networks against PyTorch."""
