# For those who type make: everything is in ./sluice.
.PHONY: run test check bench storm histories sync
run test check bench storm histories sync:
	./sluice $@
