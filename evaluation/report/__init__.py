"""Results to tables, plots and the pages that show them."""
