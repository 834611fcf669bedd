# SPDX-License-Identifier: MIT
# A thin front to the CMake presets: `make run` and `make test` need nothing else.
PRESET ?= release
BUILD  := build/$(PRESET)
ARGS   ?=

.PHONY: all build deps run test leader worker bench format lint clean
all: build

deps:
	@packaging/install-deps.sh

build: deps
	@cmake --preset $(PRESET) --log-level=WARNING >/dev/null
	@cmake --build --preset $(PRESET)

run: build
	@$(BUILD)/fractal run $(ARGS)

leader: build
	@$(BUILD)/fractal -c conf/shm.ini leader $(ARGS)

worker: build
	@$(BUILD)/fractal -c conf/shm.ini worker $(ARGS)

test: build
	@ctest --preset $(PRESET)

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@cmake --preset dev --log-level=WARNING >/dev/null && cmake --build --preset dev
	@# One file each: several in one process, and clang-tidy 14 takes every va_list for unset.
	@git ls-files 'core/*.c' 'plugins/*.c' | xargs -n 1 -P $$(nproc) clang-tidy --quiet -p build/dev
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability,performance \
		--suppress=missingIncludeSystem --suppress=legacyUninitvar -Iinclude -Icore core plugins

clean:
	@rm -rf build
