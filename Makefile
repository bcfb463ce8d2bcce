# SPDX-License-Identifier: MIT
#
# Everything is built into build/, and nothing else is touched. `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# ---- what a user may set --------------------------------------------------------------------------

HOST    := $(shell uname -m)
ARCH    ?= $(HOST)
ifeq ($(origin CC),default)
CC :=
endif
CC      := $(or $(CC),$(if $(filter-out $(HOST),$(ARCH)),$(ARCH)-linux-gnu-)gcc)
OPT     ?= -O2
SAN     ?=
WERROR  ?=
PYTHON  ?= /usr/bin/python3
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
SYSCONF ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
DESTDIR ?=
V       ?=
BENCH   ?= http,browser,pipelined,json,echo,file,megabyte,p99,connections,workers,idle,tasks,sync
FUZZ_SECONDS ?= 30
TEST_SECONDS ?= 900

# What the sanitizers and Check are told while tests run.
export ASAN_OPTIONS  ?= detect_stack_use_after_return=0:strict_string_checks=1:detect_leaks=1
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS  ?= second_deadlock_stack=1$(addprefix :suppressions=,$(wildcard $(CURDIR)/tests/tsan.supp))
export CK_TIMEOUT_MULTIPLIER ?= $(if $(SAN)$(filter-out $(HOST),$(ARCH)),5,1)
export PYTHONDONTWRITEBYTECODE := 1

# ---- flavours: each has a folder of its own -------------------------------------------------------

comma := ,
space := $(subst ,, )
ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
CC    := clang
SAN   := fuzzer-no-link,address,undefined
BUILD := build/fuzz
else
BUILD := build$(if $(filter-out $(HOST),$(ARCH)),/$(ARCH))$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
endif

# For another processor: ARCH=aarch64 builds with a cross compiler against Debian's libraries in SYSROOT, and an
# emulator runs what was built.
ifneq ($(ARCH),$(HOST))
SETUP_MK  := build/$(ARCH)/setup.mk
SYSROOT   := build/sysroot-$(ARCH)
MULTIARCH := $(SYSROOT)/usr/lib/$(ARCH)-linux-gnu
RUN       := env COPPICE_EMULATED=1 qemu-$(ARCH) -cpu max -L $(SYSROOT)
PKG_ENV   := PKG_CONFIG_LIBDIR=$(MULTIARCH)/pkgconfig PKG_CONFIG_SYSROOT_DIR=$(SYSROOT)
ARCH_CFLAGS  := -isystem $(SYSROOT)/usr/include $(if $(filter aarch64,$(ARCH)),-mbranch-protection=standard)
ARCH_LDFLAGS := -L$(MULTIARCH) -Wl,-rpath-link,$(MULTIARCH)
else
SETUP_MK  := build/setup.mk
endif

# ---- set-up: build/setup.mk holds what pkg-config says --------------------------------------------
# It is remade before anything else, after scripts/setup has seen to it that there is a pkg-config and a
# compiler; when it changes, make starts afresh with it.

WITHOUT_SETUP := clean help uninstall format cross flavours
ifneq ($(filter-out $(WITHOUT_SETUP),$(or $(MAKECMDGOALS),all)),)
include $(SETUP_MK)
endif

# The commands of pkg-config's answers, for the libraries of ARCH.
ask = $(PKG_ENV) pkg-config $(1)

$(SETUP_MK): FORCE
	@CC="$(CC)" PYTHON="$(PYTHON)" scripts/setup $(SETUP_FOR)
	@$(if $(SYSROOT),scripts/sysroot $(ARCH) $(SYSROOT))
	@mkdir -p $(@D)
	@{ echo "PKG_CFLAGS := $$($(call ask,--cflags) yaml-0.1 jansson libsystemd libcares)"; \
	   echo "PKG_LIBS := $$($(call ask,--libs) yaml-0.1 jansson libsystemd libcares)"; \
	   echo "RESOLVER_LIBS := $$($(call ask,--libs) libcares)"; \
	   echo "CTL_LIBS := $$($(call ask,--libs) yaml-0.1 jansson)"; \
	   echo "CHECK_CFLAGS := $$($(call ask,--cflags) check 2>/dev/null)"; \
	   echo "CHECK_LIBS := $$($(call ask,--libs) check 2>/dev/null)"; \
	   if [ -e /usr/share/llhttp/llhttp.c ]; then \
	       echo "LLHTTP_SRC := $$(echo /usr/share/llhttp/*.c)"; \
	       echo "LLHTTP_CFLAGS := -isystem /usr/share/include/llhttp"; \
	   else \
	       echo "LLHTTP_CFLAGS := $$($(call ask,--cflags) libllhttp)"; \
	       echo "LLHTTP_LIBS := $$($(call ask,--libs) libllhttp)"; \
	   fi; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

FOR_TESTS := test unit corpus system valgrind compare check-layers check-style check-headers
SETUP_FOR := build $(if $(filter $(FOR_TESTS),$(MAKECMDGOALS))$(findstring /unit/,$(MAKECMDGOALS)),test) \
             $(filter bench fuzz,$(MAKECMDGOALS))
SETUP_FOR := $(if $(SYSROOT),cross,$(SETUP_FOR))

.PHONY: FORCE
FORCE:

# ---- flags ----------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
        -Wvla -Wformat=2 -Wundef -Wcast-align -Wno-unused-parameter $(if $(WERROR),-Werror)
SAN_FLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)

# Where in a cache line a short function begins is a tenth of what a switch of tasks costs.
BASE_CFLAGS   := $(OPT) -falign-functions=32 -g -fno-omit-frame-pointer -fvisibility=hidden $(SAN_FLAGS) $(ARCH_CFLAGS)
HOUSE_CFLAGS  := -std=gnu11 -pthread $(BASE_CFLAGS) -fstack-protector-strong -fstack-clash-protection $(WARN) $(CFLAGS)
HOUSE_DEFINES := -D_GNU_SOURCE -I. $(PKG_CFLAGS) $(LLHTTP_CFLAGS) $(CPPFLAGS)
LINK          := $(CC) $(OPT) $(SAN_FLAGS) $(ARCH_LDFLAGS) $(LDFLAGS)
LIBS          := $(PKG_LIBS) $(LLHTTP_LIBS) -lev -lm -pthread -ldl
RUNTIME_LIBS  := $(RESOLVER_LIBS) -lev -lm -pthread
OBJCOPY       := $(if $(SYSROOT),$(ARCH)-linux-gnu-)objcopy
AR            := $(if $(SYSROOT),$(ARCH)-linux-gnu-)ar

# ---- sources: programs list folders ---------------------------------------------------------------

# SWITCH=worker/task/context_ucontext.c builds the one for everybody else.
SWITCH := $(or $(wildcard worker/task/context_$(ARCH).S),$(wildcard worker/task/context_ucontext.c))
HOUSE_DEFINES += $(if $(findstring ucontext,$(SWITCH)),-DCONTEXT_UCONTEXT)

COMMON_SRC := $(wildcard common/*.c)
MASTER_SRC := $(filter-out master/main.c,$(wildcard master/*.c))
CTL_SRC    := $(wildcard master/ctl/*.c)
WORKER_SRC := $(filter-out worker/task/context_%,$(wildcard worker/*.c worker/*/*.c)) $(SWITCH)
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC  := $(wildcard tests/bench/*.c)
SHOW_SRC   := $(wildcard tests/programs/*.c)

obj = $(addsuffix .o,$(addprefix $(BUILD)/obj/,$(basename $(1))))

COMMON_OBJ := $(call obj,$(COMMON_SRC))
MASTER_OBJ := $(call obj,$(MASTER_SRC))
CTL_OBJ    := $(call obj,$(CTL_SRC))
LLHTTP_OBJ := $(call obj,$(addprefix llhttp/,$(notdir $(LLHTTP_SRC))))
WORKER_OBJ := $(call obj,$(WORKER_SRC)) $(LLHTTP_OBJ)
RUNTIME_OBJ := $(filter $(addprefix $(BUILD)/obj/worker/,task/% sync/% stream/%),$(WORKER_OBJ))
MAIN_OBJ   := $(call obj,master/main.c)
ALL_OBJ    := $(COMMON_OBJ) $(MASTER_OBJ) $(WORKER_OBJ)
TEST_OBJ   := $(call obj,$(UNIT_SRC) $(FUZZ_SRC) $(BENCH_SRC) $(SHOW_SRC) tests/fuzz/replay.c)

PROGRAMS := $(BUILD)/coppice $(BUILD)/coppicectl
LIBRARY  := $(BUILD)/libcoppice.a
MAN_PAGES := $(patsubst etc/man/%.in,$(BUILD)/man/%,$(wildcard etc/man/*.in))
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
REPLAYS  := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/replay/%,$(FUZZ_SRC))
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzzer/%,$(FUZZ_SRC))
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC)) $(BUILD)/bench/app_json.so
SHOWS    := $(patsubst tests/programs/%.c,$(BUILD)/programs/%,$(SHOW_SRC))

# V=1 shows whole commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@; )

# ---- programs -------------------------------------------------------------------------------------

.PHONY: all
all: $(PROGRAMS) $(LIBRARY) $(MAN_PAGES)  ## build coppice, coppicectl, the library and the manual (the default)

$(BUILD)/coppice: $(MAIN_OBJ) $(ALL_OBJ) $(BUILD)/objects
	$(call say,LINK)$(LINK) -rdynamic -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/coppicectl: $(CTL_OBJ) $(COMMON_OBJ) $(BUILD)/objects
	$(call say,LINK)$(LINK) -o $@ $(filter %.o,$^) $(CTL_LIBS) -lm

# The runtime as one object, in which only what is COP_PUBLIC has a name for others; of common/ it takes what it
# needs. Each file's code stays a section, so that -Wl,--gc-sections finds what is not used. gcc's -flto ends here.
NO_LTO := $(if $(findstring -flto,$(OPT) $(CFLAGS)),$(if $(findstring clang,$(CC)),,-flinker-output=nolto-rel))

$(LIBRARY): $(RUNTIME_OBJ) $(COMMON_OBJ) $(BUILD)/objects
	@rm -f $@ $@.common
	@$(AR) rcs $@.common $(COMMON_OBJ)
	@$(CC) $(OPT) $(NO_LTO) -r -nostdlib -Wl,--unique=.text -o $(@D)/runtime.o $(RUNTIME_OBJ) $@.common
	@$(OBJCOPY) --localize-hidden $(@D)/runtime.o
	$(call say,AR)$(AR) rcs $@ $(@D)/runtime.o
	@rm -f $(@D)/runtime.o $@.common

# What tests/unit/faults.h can make fail, in our objects and not in the libraries.
WRAPPED := malloc calloc realloc reallocarray free strdup strndup asprintf open_memstream mmap madvise \
           socket accept4 pipe2 fcntl epoll_create1 eventfd signalfd syscall pthread_create posix_spawnp \
           posix_spawn_file_actions_addopen posix_spawn_file_actions_adddup2 timer_create ev_loop_new

$(BUILD)/unit/test_fault%: $(BUILD)/obj/tests/unit/test_fault%.o $(ALL_OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	@$(CC) $(OPT) $(NO_LTO) -r -nostdlib $(addprefix -Wl$(comma)--wrap=,$(WRAPPED)) -o $@.o $(filter %.o,$^)
	$(call say,LINK)$(LINK) -rdynamic -o $@ $@.o $(LIBS) $(CHECK_LIBS)

# What the programs and the headers say, in the templates' places.
$(BUILD)/man/%: etc/man/%.in scripts/make-man $(PROGRAMS) etc/coppice.yaml etc/examples/myapp.c \
                   tests/programs/producer_consumer.c
	@mkdir -p $(@D)
	$(call say,MAN)RUN="$(RUN)" scripts/make-man $(BUILD) $< > $@

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(ALL_OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -rdynamic -o $@ $(filter %.o,$^) $(LIBS) $(CHECK_LIBS)

$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(ALL_OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/fuzzer/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(ALL_OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(ALL_OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/bench/%.so: tests/bench/apps/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) -shared -fPIC -std=gnu11 $(OPT) $(SAN_FLAGS) $(WARN) -I. -o $@ $<

$(BUILD)/programs/%: $(BUILD)/obj/tests/programs/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $^ $(RUNTIME_LIBS)

$(BUILD)/obj/llhttp/%.o: /usr/share/llhttp/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(BASE_CFLAGS) -O3 $(LLHTTP_CFLAGS) -c -o $@ $<

$(BUILD)/obj/tests/unit/%.o: HOUSE_DEFINES += $(CHECK_CFLAGS)
$(BUILD)/obj/tests/programs/%.o: HOUSE_DEFINES += -Iworker

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(HOUSE_CFLAGS) $(HOUSE_DEFINES) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.S $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(HOUSE_CFLAGS) $(HOUSE_DEFINES) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(MAIN_OBJ) $(ALL_OBJ) $(CTL_OBJ) $(TEST_OBJ))

# Files that change when the flags or the lists of objects do: what depends on them is built again.
stamp = @mkdir -p $(@D); echo '$(strip $(1))' | cmp -s - $@ || echo '$(strip $(1))' > $@

$(BUILD)/flags: FORCE
	$(call stamp,$(CC) $(shell $(CC) -dumpfullversion -dumpversion) $(HOUSE_CFLAGS) $(HOUSE_DEFINES) $(LDFLAGS))

$(BUILD)/objects: FORCE
	$(call stamp,$(MAIN_OBJ) $(ALL_OBJ) $(CTL_OBJ) $(LDFLAGS) $(LIBS))

.SECONDARY: $(TEST_OBJ)

# ---- run, measure ---------------------------------------------------------------------------------

.PHONY: run
run: $(PROGRAMS)  ## set up, build, and serve from etc/coppice.yaml until Ctrl-C
	@exec scripts/foreground $(BUILD)/coppice run etc/coppice.yaml

# Those of BENCH that bench.py knows, and those that are programs of their own.
BENCH_WORDS = $(subst $(comma), ,$(BENCH))
BENCH_HTTP  = $(filter-out tasks sync,$(BENCH_WORDS))
BENCH_RUNS  = $(if $(BENCH_HTTP),"$(PYTHON) tests/bench/bench.py --build $(BUILD) \
                  --only $(subst $(space),$(comma),$(strip $(BENCH_HTTP)))") \
              $(if $(filter tasks,$(BENCH_WORDS)),"$(PYTHON) tests/bench/task_figures.py --build $(BUILD)") \
              $(if $(filter sync,$(BENCH_WORDS)),"$(BUILD)/bench/bench_sync")

.PHONY: bench
bench: $(PROGRAMS) $(BENCHES)  ## what requests and tasks cost (BENCH=http,echo,... for some)
	@failed=0; for run in $(BENCH_RUNS); do $$run || failed=1; done; exit $$failed

.PHONY: compare
compare: $(PROGRAMS)  ## the same app under each model, side by side
	@COPPICE=$(BUILD)/coppice COPPICECTL=$(BUILD)/coppicectl scripts/compare

# ---- tests ----------------------------------------------------------------------------------------

# The thread sanitizer of older compilers does not find its way where addresses are randomized widely.
STEADY := $(if $(findstring thread,$(SAN)),$(shell setarch -R true 2>/dev/null && echo setarch -R))

# Each Check program's closing line; all that it said when it failed.
define RUN_UNITS
@failed=0; for unit in $(UNITS); do \
    if $(STEADY) $(RUN) $$unit > $$unit.log 2>&1; then \
        echo "$${unit#$(BUILD)/}: $$(grep '^[0-9]*%: Checks:' $$unit.log)"; grep '^skipped ' $$unit.log; \
    else failed=1; echo "$$unit: FAILED"; cat $$unit.log; fi; \
done; exit $$failed
endef

# Whatever made a fuzzer unhappy once stays in its corpus, and every test run plays it again.
define RUN_CORPUS
@for replay in $(REPLAYS); do \
    $$replay tests/fuzz/corpus/$${replay##*/} || exit 1; \
done
endef

define RUN_SYSTEM
@COPPICE=$(BUILD)/coppice COPPICECTL=$(BUILD)/coppicectl HYPOTHESIS_STORAGE_DIRECTORY=build/hypothesis \
    timeout --foreground -k 10 $(TEST_SECONDS) $(PYTHON) -m pytest -q -o cache_dir=build/pytest tests/system
endef

CHECKS := check-layers check-style check-headers

.PHONY: test
test: $(CHECKS) all $(SHOWS) $(UNITS) $(REPLAYS)  ## set up, build, and run every test
	$(RUN_UNITS)
	$(RUN_CORPUS)
	$(RUN_SYSTEM)

.PHONY: unit corpus system
unit: $(UNITS)  ## the Check programs alone
	$(RUN_UNITS)

corpus: $(REPLAYS)  ## what the fuzzers found, played again
	$(RUN_CORPUS)

system: all $(SHOWS)  ## the tests of the real binaries alone
	$(RUN_SYSTEM)

# The runtime under valgrind, which knows its stacks: every test of a file in these folders, and those that have other
# names. Left out: subprocess, because valgrind 3.19 does not know pidfd_open(2).
VALGRIND_NAMES := $(notdir $(basename $(wildcard worker/task/*.c worker/sync/*.c worker/stream/*.c))) context cancel \
                  many_deep blocking_loop stream_sides model_tasks
VALGRIND_UNITS := $(patsubst %,$(BUILD)/unit/test_%,$(filter-out subprocess,$(VALGRIND_NAMES)))

.PHONY: valgrind
valgrind: $(filter $(VALGRIND_UNITS),$(UNITS))  ## the runtime's Check programs under valgrind
	@command -v valgrind >/dev/null || { echo "valgrind: expected on the PATH (package valgrind)"; exit 1; }
	@failed=0; for unit in $^; do \
	    if CK_TIMEOUT_MULTIPLIER=20 valgrind -q --fair-sched=yes --error-exitcode=9 $$unit > $$unit.log 2>&1; \
	    then echo "$${unit#$(BUILD)/} under valgrind: $$(grep '^[0-9]*%: Checks:' $$unit.log)"; \
	    else failed=1; echo "$$unit under valgrind: FAILED"; cat $$unit.log; fi; \
	done; exit $$failed

# Everything for another processor, and its unit tests under an emulator (qemu-user); the server boots there and
# answers. tests/unit/emulated.h has what an emulator cannot do. The switch also as other compilers might make it.
CROSS := ARCH=aarch64 --no-print-directory

.PHONY: cross boot
cross:  ## build it all for aarch64, and run its unit tests and the server under qemu-user
	@$(MAKE) $(CROSS) all
	@$(MAKE) $(CROSS) unit boot
	@for opt in -O0 -O3; do \
	    $(MAKE) $(CROSS) BUILD=build/aarch64/switch$$opt OPT=$$opt UNIT_SRC=tests/unit/test_context.c unit || exit 1; \
	done

boot: $(PROGRAMS)  ## start the server once, ask it for a page, stop it
	@scripts/boot $(RUN) $(BUILD)/coppice

# The unit tests, each as several compilers make them.
FLAVOURS := gcc,-O0 gcc,-O3 gcc,-O2,-flto clang,-O0 clang,-O2 clang,-O3 clang,-O2,-flto

.PHONY: flavours
flavours:  ## the unit tests with gcc and clang, -O0, -O3 and -flto
	@for flavour in $(FLAVOURS); do \
	    cc=$${flavour%%,*}; opt=$$(echo "$${flavour#*,}" | tr , ' '); echo "$$cc $$opt"; \
	    $(MAKE) --no-print-directory CC=$$cc OPT="$$opt" BUILD=build/flavour-$$flavour unit || exit 1; \
	done

.PHONY: $(CHECKS)
check-layers:  ## who may include whom
	@$(PYTHON) scripts/check-layers

check-style:  ## names, sizes, spaces
	@$(PYTHON) scripts/check-style

check-headers:  ## each public header compiles as the only include
	@for header in $(sort $(PUBLIC)); do \
	    $(CC) -std=gnu11 -Wall -Wextra -Werror -I. -fsyntax-only -x c $$header || exit 1; \
	done; echo "check-headers: ok"

.PHONY: format
format:  ## have clang-format put the C files in order
	clang-format -i $(wildcard $(addsuffix /*.[ch],common master master/ctl worker worker/* tests/*))

.PHONY: fuzz
fuzz: $(FUZZERS)  ## feed each parser for FUZZ_SECONDS with clang's libFuzzer
	@for fuzzer in $(FUZZERS); do \
	    name=$${fuzzer##*/}; found=$(BUILD)/corpus/$$name; seeds=tests/fuzz/corpus/$$name; \
	    mkdir -p $$found; [ -d $$seeds ] || seeds=; \
	    echo "$$name: $(FUZZ_SECONDS) s"; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=$(BUILD)/$$name- $$found $$seeds || exit 1; \
	done

# ---- install --------------------------------------------------------------------------------------

INSTALL := install
BIN := $(DESTDIR)$(PREFIX)/bin
ETC := $(DESTDIR)$(SYSCONF)/coppice
DOC := $(DESTDIR)$(PREFIX)/share/doc/coppice
MAN := $(DESTDIR)$(PREFIX)/share/man
EXA := $(DESTDIR)$(PREFIX)/share/doc/coppice/examples
BASH := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
INC := $(DESTDIR)$(PREFIX)/include/coppice
LIB := $(DESTDIR)$(LIBDIR)
PKG := $(LIB)/pkgconfig
PUBLIC = $(if $(wildcard worker/coppice.h),worker/coppice.h \
    $(filter worker/% common/%,$(shell $(CC) -MM -I. $(PKG_CFLAGS) worker/coppice.h)))

.PHONY: install
install: $(PROGRAMS) $(LIBRARY) $(MAN_PAGES)  ## into DESTDIR and PREFIX; a configuration that is there already is kept
	$(INSTALL) -d $(BIN) $(ETC) $(DOC) $(EXA) $(PKG) $(BASH)
	$(INSTALL) -m 755 $(PROGRAMS) $(BIN)
	$(INSTALL) -m 644 $(LIBRARY) $(LIB)
	$(INSTALL) -m 644 LICENSE README.md CHANGELOG.md $(DOC)
	$(INSTALL) -D -m 644 worker/README.md $(DOC)/worker/README.md
	$(INSTALL) -m 644 etc/coppice.yaml $(ETC)/coppice.yaml.example
	[ -e $(ETC)/coppice.yaml ] || $(INSTALL) -m 644 etc/coppice.yaml $(ETC)/coppice.yaml
	$(INSTALL) -m 644 $(wildcard etc/examples/*.c) etc/examples/files.yaml $(EXA)
	$(INSTALL) -d $(EXA)/programs
	$(INSTALL) -m 644 $(SHOW_SRC) $(EXA)/programs
	for page in $(MAN_PAGES); do \
	    $(INSTALL) -D -m 644 $$page $(MAN)/man$${page##*.}/$${page##*/} || exit 1; done
	$(INSTALL) -m 644 etc/completions/coppice.bash $(BASH)/coppice
	ln -sf coppice $(BASH)/coppicectl
	scripts/install-headers $(INC)/coppice $(sort $(PUBLIC))
	echo '#include "coppice/worker/coppice.h"' > $(INC)/coppice.h
	version=$$(sed -n 's/.*COPPICE_VERSION "\(.*\)"/\1/p' common/version.h); for name in coppice libcoppice; do \
	    sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e "s|@VERSION@|$$version|" \
	        -e 's|@SAN_FLAGS@|$(SAN_FLAGS)|' etc/$$name.pc.in > $(PKG)/$$name.pc || exit 1; done

.PHONY: uninstall
uninstall:  ## what install put there, but for a configuration that was changed
	rm -f $(BIN)/coppice $(BIN)/coppicectl
	rm -rf $(DOC) $(INC)
	rm -f $(LIB)/libcoppice.a $(PKG)/coppice.pc $(PKG)/libcoppice.pc $(BASH)/coppice $(BASH)/coppicectl
	rm -f $(foreach page,$(MAN_PAGES),$(MAN)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	cmp -s $(ETC)/coppice.yaml $(ETC)/coppice.yaml.example && rm -f $(ETC)/coppice.yaml || true
	rm -f $(ETC)/coppice.yaml.example
	rmdir $(ETC) 2>/dev/null || true

.PHONY: clean
clean:  ## remove build/
	rm -rf build

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  \1\t\2/p' Makefile | expand -t 18
	@echo
	@echo "Variables: CC=gcc|clang OPT=-O2 SAN=address,undefined|thread WERROR=1 V=1"
	@echo "           PREFIX=/usr/local LIBDIR=PREFIX/lib DESTDIR="
