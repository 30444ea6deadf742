# Two commands do everything: `make demo` and `make test`. On Debian and Ubuntu both install the
# missing system packages first; Swift must be there.

SWIFT ?= swift
STAY ?=

.PHONY: demo demo-distributed test bench proto proto-check setup setup-servers setup-ethereum setup-mail setup-probe lint format

demo: setup
	@echo "==> Building paywatch (the first time takes a few minutes)"
	$(SWIFT) build --product paywatch
	$(SWIFT) run --skip-build paywatch demo $(if $(STAY),--stay)

demo-distributed: setup-servers
	@echo "==> Building paywatch (the first time takes a few minutes)"
	$(SWIFT) build --product paywatch
	$(SWIFT) run --skip-build paywatch demo --distributed

test: setup-servers setup-ethereum setup-mail setup-probe lint
	@echo "==> Building everything and its tests (the first time takes several minutes)"
	$(SWIFT) build --build-tests
	@echo "==> Testing what keeps something in a database, on PostgreSQL"
	@PAYWATCH_TEST_DATABASE=postgresql SWIFT="$(SWIFT)" sh .ci/test --filter $(ON_POSTGRESQL)
	@echo "==> Testing everything, on SQLite where nothing else is said"
	@SWIFT="$(SWIFT)" sh .ci/test

# The targets whose tests open the database of the engine that is asked for.
ON_POSTGRESQL = '^(Access|Aggregates|Audit|Claiming|CustomerMessages|Deployment|EventLog|Gateway|HTTPServer|Kafka|Leases|Notifications|Orders|Prices|ServiceCalls|Settlement|Simulation|Supply|Watching)Tests\.'

# Counts first: they fail where a hot path takes more than it may. Then all is measured, and what is
# kept of it written anew.
bench: setup-servers
	@sh deploy/bench/setup.sh
	@echo "==> Building paycount and paybench for release (the first time takes several minutes)"
	$(SWIFT) build -c release --product paycount
	$(SWIFT) build -c release --product paybench
	$(SWIFT) build -c release --product paywatch
	$(SWIFT) run -c release --skip-build paycount --thresholds Tests/paybenchTests/thresholds.json
	$(SWIFT) run -c release --skip-build paybench --write deploy/bench --readme README.md

# The Swift code of gRPC's services, from their definitions; checked, it only says what differs.
proto:
	@SWIFT="$(SWIFT)" sh Sources/ServiceCalls/generate.sh

proto-check:
	@SWIFT="$(SWIFT)" sh Sources/ServiceCalls/generate.sh --check

setup:
	@sh deploy/setup.sh build

setup-servers:
	@sh deploy/setup.sh test

# A real EVM for tests, from the Python package index into .build; once.
setup-ethereum: setup-servers
	@sh Tests/EthereumNode/setup.sh

# A mail server for tests, likewise.
setup-mail: setup-servers
	@sh Tests/MailServer/setup.sh

# Another program's gRPC client for tests, from the Python package index into .build; once.
setup-probe: setup-servers
	@sh Tests/ServiceCallsTests/Probe/setup.sh

lint:
	@echo "==> Checking the format"
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests
