"""`make bench`: the main path against its limits and against what people would use instead."""
