# Everything goes through ./evenkeel, which brings the pinned Node and the packages first.
# `make up ARGS="--address 192.0.2.7"` hands options on.
ARGS ?=
RUN := ./evenkeel run

.DEFAULT_GOAL := help
.PHONY: help up down status destroy check types lint format boundaries generated test test-packages test-e2e torture bench

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## Start Evenkeel; the first time with a highly available cluster named demo
	@./evenkeel up $(ARGS)

down: ## Stop everything and keep its state
	@./evenkeel down $(ARGS)

status: ## One screen: service, home, keepers, zones, clusters
	@./evenkeel status $(ARGS)

destroy: ## Say how to remove an installation and its state
	@./evenkeel destroy $(ARGS)

check: types lint format boundaries generated ## Types, lint, format, import rules, generated files

types: ## Types of all packages
	@$(RUN) tsc -p tsconfig.json

lint: ## Lint
	@$(RUN) oxlint --deny-warnings

format: ## Format (mend with: ./evenkeel run biome check --write .)
	@$(RUN) biome check --error-on-warnings .

boundaries: ## Who may import whom
	@$(RUN) vitest run tools/boundaries.test.ts

generated: ## Generated files are what their generators make
	@$(RUN) node packages/contract/src/generate.ts --check
	@$(RUN) node packages/contract/tools/generate-eks-facts.ts --check
	@$(RUN) node packages/service/src/generate-docs.ts --check

test: ## All tests, those on whole installations with the real programs too
	@$(RUN) node tools/test.ts

test-packages: ## Tests of the packages alone (one file: make test-packages ARGS=packages/kernel)
	@$(RUN) vitest run $(ARGS)

test-e2e: ## Tests on whole installations alone
	@$(RUN) vitest run --config e2e/vitest.config.ts $(ARGS)

torture: ## SIGKILL of every process of a cluster, one after the other, under a client (some ten minutes)
	@EVENKEEL_KILL_MATRIX=all $(RUN) vitest run --config e2e/vitest.config.ts e2e/kill-matrix.test.ts $(ARGS)

bench: ## Figures against a baseline, each a ratio of one run
	@$(RUN) node bench/src/main.ts $(ARGS)
