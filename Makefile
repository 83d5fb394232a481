# For those who type make: everything is in ./sluice.
.PHONY: run test check bench sync
run test check bench sync:
	./sluice $@
