"""The page of what channels of a layer see and look for."""
