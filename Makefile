# make run and make test do everything a fresh machine needs. `make` alone explains the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test build pack deps certs bench chaos interop clean sdk native
MAKEFLAGS += --no-print-directory

PORT ?= 443
CONFIGURATION ?= Release
FILTER ?=
ARGS ?=

# The artifacts layout names its folders in lower case.
pivot := $(shell echo '$(CONFIGURATION)' | tr '[:upper:]' '[:lower:]')
# Build servers would outlive the command and keep its output open.
dotnet_build := dotnet build --configuration $(CONFIGURATION) --nologo --verbosity quiet -nodeReuse:false

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

help:
	@echo 'make run       set up what is missing, build, and serve on port PORT, UDP and TCP (default 443)'
	@echo 'make test      set up what is missing, build, and run every test; FILTER= as for dotnet test'
	@echo 'make build     restore and build everything'
	@echo 'make pack      build the NuGet packages, with their symbols, into artifacts/packages'
	@echo 'make deps      install the native libraries the ngtcp2 engine needs'
	@echo 'make certs     make development certificates in certs/out, or keep those that serve'
	@echo 'make bench     run the measurements in perf/, with ARGS passed to them'
	@echo 'make chaos     run the scenarios of chaos/scenarios, and write chaos/RESULTS.md; ARGS= for net-chaos run'
	@echo 'make interop   run only the tests against other QUIC implementations (src/setup/peers.sh installs those)'
	@echo 'make clean     delete what the build made; certificates stay'
	@echo
	@echo 'Variables: PORT=4433  CONFIGURATION=Debug  FILTER=...  ARGS=...'
	@echo 'NET_TEST_LONG=1 make test runs the long form of the tests that have one, such as 10,000 seeds of the pool, and publishes trimmed and native programs'

sdk:
	@src/setup/dotnet.sh

deps:
	@src/setup/native.sh

# Without the libraries another engine may still serve, and the program says what is missing when none can.
native:
	@src/setup/native.sh || echo 'Going on without them: the ngtcp2 engine will not run here.' >&2

build: sdk
	@$(dotnet_build) Net.sln

pack: build
	@dotnet msbuild tests/embedding/pack.proj -nologo -v:quiet -nodeReuse:false -t:Pack -p:Configuration=$(CONFIGURATION) -p:PackageOutputPath=$(CURDIR)/artifacts/packages/
	@ls artifacts/packages

certs:
	@certs/make-certs.sh

run: native sdk
	@$(dotnet_build) src/Net.Host/Net.Host.csproj
	@certs/make-certs.sh
	@exec artifacts/bin/Net.Host/$(pivot)/net serve --port $(PORT) --cert certs/out/server.pem \
		--key certs/out/server-key.pem --ca certs/out/ca.pem --client-certificate required \
		--self-test --client-cert certs/out/client.pem --client-key certs/out/client-key.pem $(ARGS)

test: native build certs
	@src/setup/test.sh --configuration $(CONFIGURATION) --filter '$(FILTER)'

interop: native build certs
	@src/setup/test.sh --configuration $(CONFIGURATION) --filter 'TestCategory=Interop'

bench: native sdk
	@$(dotnet_build) perf/Net.Perf/Net.Perf.csproj
	@exec artifacts/bin/Net.Perf/$(pivot)/Net.Perf $(ARGS)

chaos: native sdk
	@$(dotnet_build) src/Net.Host/Net.Host.csproj
	@$(dotnet_build) chaos/Net.Chaos/Net.Chaos.csproj
	@exec artifacts/bin/Net.Chaos/$(pivot)/net-chaos run chaos/scenarios --group full --results chaos/RESULTS.md $(ARGS)

clean:
	@rm -rf artifacts
