# "make test" runs everything that must hold, and installs what it needs for
# that: tools into bin/, Python packages into .cache/, npm packages beside the
# tests that use them (git ignores all three). Every version is pinned, here or
# in a lock file. "make help" lists the targets.

STATICCHECK_VERSION := v0.8.2
GOVULNCHECK_VERSION := v1.9.0
DYNOXIDE_VERSION    := 3.2.0

MODULES   := . test tools examples
RACY      := ./internal/kv/... ./internal/service/... ./internal/gateway/... ./internal/server/...
FUZZTIME  := 10s
SOAK      := 10m
VULNDB    := https://vuln.go.dev
VENV      := $(CURDIR)/.cache/venv
JS        := test/e2e/js
PEERS     := bench/peers

export GRAMME_BIN := $(CURDIR)/bin/gramme
export PYTHONDONTWRITEBYTECODE := 1

STATICCHECK := $(CURDIR)/bin/staticcheck-$(STATICCHECK_VERSION)
GOVULNCHECK := $(CURDIR)/bin/govulncheck-$(GOVULNCHECK_VERSION)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.* ## /\1: /p' $(MAKEFILE_LIST) | awk -F': ' '{printf "%-16s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/gramme
	go build -o $(GRAMME_BIN) ./cmd/gramme

.PHONY: test
test: lint unit race api e2e security crash streams overload examples ## run everything
	@echo "== all passed"

.PHONY: unit
unit: ## the tests of the product itself, the style rules among them
	@echo "== unit tests"
	go test ./...

.PHONY: race
race: ## the same under the race detector, where goroutines meet
	@echo "== race detector"
	@if [ "$$(go env CGO_ENABLED)" = 1 ]; then \
		echo go test -race $(RACY); go test -race $(RACY); \
	else \
		echo "skipped: the race detector needs a C compiler, and there is none"; \
	fi

.PHONY: lint
lint: $(STATICCHECK) ## gofmt, go mod tidy, go vet and staticcheck, in every module
	@echo "== lint"
	@unformatted=$$(gofmt -l $(wildcard *.go) cmd internal bench test tools examples); \
	if [ -n "$$unformatted" ]; then echo "not formatted; run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	@set -e; for module in $(MODULES); do \
		echo "go mod tidy, go vet and staticcheck in $$module"; \
		(cd $$module && go mod tidy -diff && go vet ./... && $(STATICCHECK) ./...); \
	done

$(STATICCHECK):
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)
	mv bin/staticcheck $@

.PHONY: vuln
vuln: $(GOVULNCHECK) ## newer versions of dependencies, and known vulnerabilities (VULNDB=file:///... for a copy of the database)
	@set -e; for module in $(MODULES); do \
		echo "== $$module: newer versions of direct dependencies"; \
		(cd $$module && go list -m -u -f '{{if and .Update (not .Indirect)}}{{.Path}} {{.Version}}: there is {{.Update.Version}}{{end}}' all | sed '/^$$/d'); \
	done
	@for module in $(MODULES); do \
		echo "== $$module: known vulnerabilities"; \
		(cd $$module && $(GOVULNCHECK) -db $(VULNDB) ./...); \
		case $$? in \
			0) ;; \
			3) echo "update what is named above"; exit 1;; \
			*) echo "nothing was looked up; where $(VULNDB) cannot be reached, fetch its vulndb.zip where it can, unpack it, and say VULNDB=file:///..."; exit 1;; \
		esac; \
	done

$(GOVULNCHECK):
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv bin/govulncheck $@

.PHONY: generate
generate: ## write internal/api anew from AWS's models
	cd tools && go run ./apigen

.PHONY: generate-update
generate-update: ## pin the newest release of AWS's models, then generate
	@newest=$$(python3 -m pip index versions botocore 2>/dev/null | sed -n 's/^botocore (\(.*\))$$/\1/p'); \
	echo "botocore $$newest"; cd tools && go run ./apigen -update "$$newest"

.PHONY: api
api: ## check that internal/api is what the generator writes, and the generator itself
	@echo "== generated API"
	cd tools && go run ./apigen -check # fetches the models, which the tests read
	cd tools && go test -count=1 ./...

.PHONY: e2e
e2e: e2e-go e2e-js e2e-python e2e-cli ## a running server, driven by the AWS SDKs and the AWS CLI

.PHONY: e2e-go
e2e-go: build
	@echo "== AWS SDK for Go"
	cd test && go test -count=1 ./e2e/go

.PHONY: e2e-js
e2e-js: build $(JS)/node_modules/.package-lock.json
	@echo "== AWS SDK for JavaScript"
	cd test && go run ./withgramme npm --prefix e2e/js --silent test

$(JS)/node_modules/.package-lock.json: $(JS)/package-lock.json
	cd $(JS) && npm ci
	@touch $@

.PHONY: e2e-python
e2e-python: build $(VENV)/installed
	@echo "== boto3"
	cd test && go run ./withgramme $(VENV)/bin/pytest e2e/python

.PHONY: e2e-cli
e2e-cli: build $(VENV)/installed
	@echo "== AWS CLI"
	cd test && PATH=$(VENV)/bin:$$PATH go test -count=1 ./e2e/cli

$(VENV)/installed: test/e2e/python/requirements.txt
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: security
security: build ## what a running server tells in its logs, who may read its files, and what TLS lets in
	@echo "== security"
	cd test && go test -count=1 ./security

.PHONY: crash
crash: build ## kill the server in the middle of writes and read back
	@echo "== crash test"
	cd test && go test -count=1 -v ./crash

.PHONY: streams
streams: build ## follow a stream with workers that are killed, as is the server
	@echo "== consumers of streams"
	cd test && go test -count=1 -v ./streams

.PHONY: overload
overload: build ## floods, clients that do not read or send, and requests meant to cost much
	@echo "== overload"
	cd test && go test -count=1 -v ./overload

.PHONY: examples
examples: build ## run the example programs and compare what they print
	@echo "== examples"
	cd test && go test -count=1 ./examples

.PHONY: fuzz
fuzz: ## each fuzz target for a short time (FUZZTIME=10s)
	@set -e; grep -rl '^func Fuzz' --include=*_test.go *_test.go internal | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file | while read -r target; do \
			echo "== $$target in $$(dirname $$file)"; \
			go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

.PHONY: soak
soak: build ## the proofs of docs/reliability.md, each for as long as SOAK says (SOAK=10m)
	go test ./internal/proof -timeout 0 -count=1 -v -soak $(SOAK)
	go test ./internal/service/dynamodb -run 'Serializable|Transfers' -timeout 0 -count=1 -soak $(SOAK)
	cd test && go test ./crash -timeout 0 -count=1 -v -soak $(SOAK)
	cd test && go test ./overload -timeout 0 -count=1 -v -long $(SOAK)

.PHONY: bench
bench: ## the benchmarks of the product's packages
	go test -run='^$$' -bench=. -benchmem ./...

.PHONY: bench-peers
bench-peers: $(PEERS)/node_modules/.package-lock.json ## install the servers that bench/run measures Gramme against
	@if command -v cargo >/dev/null; then \
		cargo install dynoxide-rs --version $(DYNOXIDE_VERSION) --locked --no-default-features \
			--features native-sqlite,http-server,cli --root $(CURDIR)/.cache/bench/dynoxide; \
	else \
		echo "without dynoxide: there is no cargo to build it with"; \
	fi

$(PEERS)/node_modules/.package-lock.json: $(PEERS)/package-lock.json
	cd $(PEERS) && npm ci --ignore-scripts
	@touch $@

.PHONY: bench-run
bench-run: bench-peers ## measure Gramme and its peers for half an hour, and write bench/README.md and bench/results
	go run ./bench/run

.PHONY: clean
clean: ## remove what was built and installed
	rm -rf bin .cache $(JS)/node_modules $(PEERS)/node_modules
