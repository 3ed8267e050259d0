"""Methods on question-answering sets at token budgets, peers and reference rules beside them."""
