# Two commands do everything: `make demo` and `make test`. On Debian and Ubuntu both install the
# missing system packages first; Swift must be there.

SWIFT ?= swift
STAY ?=

.PHONY: demo test bench setup lint format

demo: setup
	@echo "==> Building paywatch (the first time takes a few minutes)"
	$(SWIFT) build --product paywatch
	$(SWIFT) run --skip-build paywatch demo $(if $(STAY),--stay)

test: setup lint
	@echo "==> Building everything and its tests (the first time takes several minutes)"
	$(SWIFT) build --build-tests
	@echo "==> Testing"
	$(SWIFT) test --skip-build

bench: setup
	@echo "==> Building paybench for release (the first time takes several minutes)"
	$(SWIFT) build -c release --product paybench
	$(SWIFT) run -c release --skip-build paybench

setup:
	@sh deploy/setup.sh

lint:
	@echo "==> Checking the format"
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests
