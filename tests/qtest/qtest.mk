# Our PIC, PIT and serial port beside QEMU's own: the same random programs, the same answers.

.PHONY: qtest

qtest: ## our chips beside QEMU's, by random programs (T=name for some, QTEST_SEED=n)
	$(PYTHON) tests/pytest_part.py qtest tests/qtest $(if $(T),-k '$(T)')
