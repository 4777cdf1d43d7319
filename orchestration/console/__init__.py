"""What the commands show. Belongs here: layout only; every figure comes from the caller."""
