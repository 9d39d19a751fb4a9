"""What parsing costs, beside others that do the same, in a whole request, and for hostile bodies."""
