lint: ## formatting, static analysis, folder directions, sizes
	$(PYTHON) tests/lint/run.py
