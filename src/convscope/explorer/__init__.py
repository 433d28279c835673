"""The page: runs and convolutions to play with, served on this machine only.

``guard``: who may ask; ``questions``: what may be asked, one file a kind of answer; ``session``: what is open;
``app``: both as a server; ``static/``: the page itself, plain JavaScript that is read as it is written.
"""
