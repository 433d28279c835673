"""From the files that were listed to one mapped array of decoded images: building it, storing it, its statistics."""
