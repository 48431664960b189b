SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .cache/bin

.PHONY: gen
gen: gen/go gen/console gen/wire gen/docs gen/clients ## regenerate everything that is committed generated: proto, clients, wire, settings

.PHONY: gen/go
gen/go: $(BIN)/buf $(BIN)/protoc-gen-go $(BIN)/protoc-gen-connect-go $(BIN)/protoc-gen-go-grpc
	$(BIN)/buf generate
	$(BIN)/buf build . --path proto/kohomai/v1 --exclude-imports --as-file-descriptor-set -o adapters/rest/proto.binpb
	$(BIN)/buf generate --template buf.gen.activity.yaml

.PHONY: gen/console
gen/console: $(BIN)/buf adapters/console/node_modules/.package-lock.json
	$(BIN)/buf generate --template buf.gen.console.yaml

.PHONY: gen/wire
gen/wire: $(BIN)/wire
	$(BIN)/wire gen ./app

.PHONY: gen/docs
gen/docs:
	go test ./app -count=1 -run TestArch_SettingsAreDocumented -update

.PHONY: gen/clients
gen/clients:
	go test ./app -count=1 -run TestClients_TypesAreFresh -update

$(BIN)/buf: tools/buf/go.mod tools/buf/go.sum
	cd tools/buf && go build -o ../../$@ github.com/bufbuild/buf/cmd/buf

$(BIN)/protoc-gen-go: go.mod
	go build -o $@ google.golang.org/protobuf/cmd/protoc-gen-go

$(BIN)/protoc-gen-connect-go: go.mod
	go build -o $@ connectrpc.com/connect/cmd/protoc-gen-connect-go

$(BIN)/protoc-gen-go-grpc: go.mod
	go build -o $@ google.golang.org/grpc/cmd/protoc-gen-go-grpc

$(BIN)/wire: go.mod
	go build -o $@ github.com/google/wire/cmd/wire

adapters/console/node_modules/.package-lock.json: adapters/console/package-lock.json
	cd adapters/console && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

PLUGINS := $(notdir $(patsubst %/main.go,%,$(wildcard plugins/*/main.go)))

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z/]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:[^#]*## /\t/' | expand -t 16

.PHONY: run
run: build ## build everything, start PostgreSQL, seed the demo workspace, serve until Ctrl-C
	exec bin/kohomai serve --migrate --demo

.PHONY: build
build: postgres plugins console ## leave the server at bin/kohomai, connectors in bin/plugins
	go build -o bin/kohomai ./cmd/kohomai

WEB := adapters/console/node_modules/.package-lock.json
WEB_SOURCES := $(shell find adapters/console/src adapters/console/scripts -type f) $(wildcard adapters/console/*.ts adapters/console/package.json)

.PHONY: console
console: adapters/console/dist/.built ## build the pages of console and front-office, which the server embeds

adapters/console/dist/.built: $(WEB) $(WEB_SOURCES)
	cd adapters/console && npm run --silent build
	@touch $@

CLIENT := clients/typescript/node_modules/.package-lock.json

$(CLIENT): clients/typescript/package-lock.json
	cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: plugins
plugins:
	@mkdir -p bin/plugins
	@for p in $(PLUGINS); do go build -o bin/plugins/$$p ./plugins/$$p; done
	@cd bin/plugins && ls | grep -v SHA256SUMS | xargs -r sha256sum > SHA256SUMS

.PHONY: postgres
postgres: tools/postgres/node_modules/.package-lock.json

tools/postgres/node_modules/.package-lock.json: tools/postgres/package-lock.json
	cd tools/postgres && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: test
test: build $(CLIENT) ## all tests, on a PostgreSQL of their own; the last line counts them
	@go build -o $(BIN)/suite ./tools/suite
	@go run ./tools/testpg -- $(BIN)/suite ./...

.PHONY: test/web
test/web: $(WEB)
	cd adapters/console && npm run --silent test

.PHONY: test/browser
test/browser: build ## the pages in a real Chromium, on the built program; NAMES chooses files
	cd adapters/console && npm run --silent e2e -- $(NAMES)

.PHONY: picture
picture: build ## take docs/images/console.png from the built program
	cd adapters/console && node scripts/picture.mjs

.PHONY: bench
bench: build ## the product beside a hand-written rung, ratios in one run
	go run ./bench $(ARGS)

# The linters take minutes to build: they are kept by what their go.mod says.
LINT_KEY := $(shell sha256sum tools/lint/go.mod | cut -c1-12)
GOLANGCI := $(BIN)/golangci-lint-$(LINT_KEY)
GOSEC := $(BIN)/gosec-$(LINT_KEY)

$(GOLANGCI):
	cd tools/lint && go build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(GOSEC):
	cd tools/lint && go build -o ../../$@ github.com/securego/gosec/v2/cmd/gosec

.PHONY: lint
lint: lint/go lint/proto lint/api lint/web ## formatting, vet, golangci-lint, gosec, buf, the API's description, types and rules of the pages

.PHONY: lint/go
lint/go: $(GOLANGCI) $(GOSEC)
	go vet ./...
	$(GOLANGCI) run
	$(GOSEC) -quiet -severity medium -confidence medium -exclude-generated -exclude-dir proto/gen ./...

.PHONY: lint/proto
lint/proto: $(BIN)/buf
	$(BIN)/buf lint
	$(BIN)/buf format -d --exit-code proto

.PHONY: lint/api
lint/api: tools/apilint/node_modules/.package-lock.json
	@mkdir -p .cache
	go run ./cmd/kohomai openapi > .cache/openapi.json
	cd tools/apilint && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node_modules/.bin/redocly lint ../../.cache/openapi.json

tools/apilint/node_modules/.package-lock.json: tools/apilint/package-lock.json
	cd tools/apilint && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: lint/web
lint/web: $(WEB) $(CLIENT)
	cd adapters/console && npm run --silent typecheck && npm run --silent lint
	cd clients/typescript && npm run --silent typecheck

.PHONY: fmt
fmt: $(GOLANGCI) $(BIN)/buf ## format Go and proto
	$(GOLANGCI) fmt
	$(BIN)/buf format -w proto

GENERATED := proto/gen adapters/console/src/gen adapters/rest/proto.binpb app/wire_gen.go docs/configuration.md clients/typescript/src/api.gen.ts
fingerprint = find $(GENERATED) -type f | sort | xargs sha256sum | sha256sum

.PHONY: verify
verify: verify/gen verify/breaking verify/tidy verify/migrations ## what is generated is fresh, modules are tidy, proto stays compatible, migrations go both ways

.PHONY: verify/gen
verify/gen:
	@before=$$($(fingerprint)); $(MAKE) --no-print-directory gen; \
	if [ "$$before" != "$$($(fingerprint))" ]; then echo "generated files were stale; commit what make gen wrote:"; git status --short $(GENERATED); exit 1; fi

.PHONY: verify/breaking
verify/breaking: $(BIN)/buf
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null || true); \
	if [ -z "$$tag" ]; then echo "no release yet: nothing to stay compatible with"; \
	else $(BIN)/buf breaking --against ".git#tag=$$tag"; fi

.PHONY: verify/tidy
verify/tidy:
	@for m in . tools/buf tools/lint; do (cd $$m && go mod tidy -diff) || { echo "go mod tidy in $$m"; exit 1; }; done

.PHONY: verify/migrations
verify/migrations: postgres
	go run ./tools/testpg -- go test ./migrations -count=1 -run 'TestUp_down_and_up_again'

.PHONY: check
check: lint verify test ## everything a change must pass: lint, verify, test

.PHONY: db/reset
db/reset: ## forget the embedded database and the demo
	rm -rf .data
