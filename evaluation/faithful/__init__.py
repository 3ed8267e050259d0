"""Does what is kept say what the source says? Documents from templates, and a judge of what is left of them."""
