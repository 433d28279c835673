"""Laws that hold for every primitive, asked of the whole catalogue. A law is a test that takes one ``Case``."""
