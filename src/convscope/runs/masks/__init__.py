"""What is written of a predicted mask: pictures, label images, a table of objects, outlines; a file a format."""
