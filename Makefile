SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .cache/bin

.PHONY: gen
gen: gen/go gen/console gen/wire ## regenerate everything that is committed generated: proto, console client, wire

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
test: postgres test/web ## all tests, on a PostgreSQL of their own
	go run ./tools/testpg -- go test ./...

.PHONY: test/web
test/web: $(WEB)
	cd adapters/console && npm run --silent test

.PHONY: bench
bench: build ## the product beside a hand-written rung, ratios in one run
	go run ./bench $(ARGS)

.PHONY: lint/web
lint/web: $(WEB)
	cd adapters/console && npm run --silent typecheck && npm run --silent lint

.PHONY: lint
lint: lint/web ## formatting, vet, types and accessibility rules of the pages
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' | grep -v /gen/)); \
	if [ -n "$$unformatted" ]; then echo "not formatted:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

.PHONY: db/reset
db/reset: ## forget the embedded database and the demo
	rm -rf .data
