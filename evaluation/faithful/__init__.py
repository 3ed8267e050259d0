"""Does what is kept say what the source says? Documents made from templates, and a judge of what is left."""
