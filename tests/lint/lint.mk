# Lint: our own rules (folder directions, pure folders, sizes) and others' tools.
#
#   make lint L="layers sizes"    only these

lint: ## formatting, static analysis, folder directions, sizes (L=name for one)
	$(PYTHON) tests/lint/run.py $(L)
