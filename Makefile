# Nothing but git and make is assumed: every goal first installs what is missing (tools/setup).
REGARD ?= build/bin/regard
PREFIX ?= /usr/local

.DEFAULT_GOAL := build
.PHONY: help setup build demo test test-long install format asan fuzz cuda debug gpu-pack clean

help:       ## list the goals
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup:      ## install system packages and PyTorch where they are missing
	@tools/setup

build:      ## set-up, then the command build/bin/regard and the library (the default goal)
	@tools/setup
	@tools/build regard_cli

demo: build ## train the demo comparison on real text; ends with a table and runs/demo/report.html
	$(REGARD) compare recipes/demo.toml

test:       ## set-up, build everything, run every test
	@tools/setup --tests
	@tools/build
	@ctest --preset release

test-long:  ## the full grids of tests, after `make test`
	@tools/build
	@ctest --preset long

install: build ## install command, library, headers and CMake package under PREFIX
	@cmake --install build --prefix "$(PREFIX)"

asan:       ## parts without PyTorch under the address and undefined-behaviour sanitizers
	@tools/setup --tests
	@REGARD_PRESET=asan tools/build
	@ctest --preset asan

fuzz:       ## libFuzzer on every reader for a minute in all (needs clang)
	@tools/setup --tests
	@tools/fuzz 60

cuda:       ## everything with the CUDA kernels, in build-cuda (needs nvcc)
	@tools/setup
	@REGARD_PRESET=cuda tools/build

debug:      ## everything without optimisation, in build-debug
	@tools/setup
	@REGARD_PRESET=debug tools/build

gpu-pack: build ## collect the programs for a GPU machine with the same PyTorch
	@tools/build
	@tools/gpu-pack

format:     ## clang-format on every C++ and CUDA file
	@tools/format

clean:      ## remove the build folders (the Python environment stays)
	rm -rf build build-debug build-asan build-fuzz build-cuda gpu-pack
