SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .cache/bin

.PHONY: gen
gen: gen/go gen/console gen/wire ## regenerate everything that is committed generated: proto, console client, wire

.PHONY: gen/go
gen/go: $(BIN)/buf $(BIN)/protoc-gen-go $(BIN)/protoc-gen-connect-go $(BIN)/protoc-gen-go-grpc
	$(BIN)/buf generate
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
