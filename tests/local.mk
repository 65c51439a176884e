EXTRA_DIST += tests/unit/test.h tests/vectors tests/fuzz/corpus

# Fuzz targets. tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput and nothing else, and
# tests/fuzz/corpus/NAME/ holds its seeds, one input a file. The folder that owns the code says:
#
#	FUZZ_TARGETS += tests/fuzz/fuzz_NAME
#	tests_fuzz_fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c $(FUZZ_MAIN)
#	tests_fuzz_fuzz_NAME_LDADD = $(WAP_LIBS)
#	tests_fuzz_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
#
# Normally the program replays its corpus, every file whole and cut short, as a test of
# `make check`. After `configure --enable-fuzz CC=clang-14` the same name is a fuzzer:
#	tests/fuzz/fuzz_NAME -max_total_time=60 NEW-INPUTS-FOLDER SRCDIR/tests/fuzz/corpus/NAME
if FUZZ
FUZZ_MAIN =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
noinst_PROGRAMS = $(FUZZ_TARGETS)
else
FUZZ_MAIN = tests/fuzz/replay_main.c
FUZZ_LINK = $(AM_LDFLAGS)
check_PROGRAMS += $(FUZZ_TARGETS)
TESTS += $(FUZZ_TARGETS)
endif

# ---- for ./check and the tests of the documents ----
.PHONY: list-tests list-programs
list-tests:
	@echo $(TESTS)
list-programs:
	@echo $(bin_PROGRAMS) $(sbin_PROGRAMS)
EXTRA_DIST += packages.list
# not in EXTRA_DIST: there the name would mean the target
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check

TESTS += tests/check-includes.sh
EXTRA_DIST += tests/check-includes.sh

TESTS += tests/e2e/test_ppgctl.py tests/e2e/test_ppgctl_pap.py tests/e2e/test_ppgctl_admin.py tests/e2e/test_ppgctl_policy.py tests/e2e/test_ppgctl_dm.py
EXTRA_DIST += tests/e2e/test_ppgctl.py tests/e2e/test_ppgctl_pap.py tests/e2e/test_ppgctl_admin.py tests/e2e/test_ppgctl_policy.py tests/e2e/test_ppgctl_dm.py

# ---- the manual against the programs ----
TESTS += tests/check-docs.sh tests/check-threats.sh tests/check-units.sh
EXTRA_DIST += tests/check-docs.sh tests/check-threats.sh tests/check-units.sh

# ---- end to end: ppgd between PAP clients and smscsim ----
check_PROGRAMS += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c
tests_bench_load_LDADD = $(BASE_LIBS)
E2E_PPGD = tests/e2e/test_push.py tests/e2e/test_stop.py tests/e2e/test_late_receipts.py tests/e2e/test_outbind.py tests/e2e/test_operations.py tests/e2e/test_capabilities.py tests/e2e/test_content.py tests/e2e/test_rehearsal.py tests/e2e/test_pap_forms.py tests/e2e/test_bad_pap.py tests/e2e/test_bad_input_more.py tests/e2e/test_kannel.py tests/e2e/test_link_faults.py tests/e2e/test_kill.py tests/e2e/test_kill_pg.py \
	tests/e2e/test_https.py tests/e2e/test_access.py tests/e2e/test_admin.py tests/e2e/test_admin_pg.py tests/e2e/test_subscribers.py tests/e2e/test_metrics.py tests/e2e/test_prediction.py tests/e2e/test_sign.py tests/e2e/test_sign_pg.py tests/e2e/test_explain.py tests/e2e/test_threats.py \
	tests/e2e/test_control_memory.py tests/e2e/test_control_memory_pg.py
TESTS += $(E2E_PPGD)
EXTRA_DIST += tests/e2e/gateway.py tests/e2e/kill.py tests/e2e/pg_server.py $(E2E_PPGD)

# ---- make bench: not a test; prints figures for doc/performance.md ----
EXTRA_PROGRAMS += tests/bench/http_ceiling
tests_bench_http_ceiling_SOURCES = tests/bench/http_ceiling.c
tests_bench_http_ceiling_LDADD = $(MHD_LIBS)
EXTRA_DIST += tests/bench/bench.py tests/bench/bench_scale.py
# make bench BENCH_OPTIONS="--pushes 20000 --only empty"
BENCH_OPTIONS =
BENCH_BUILT += tests/bench/load$(EXEEXT) tests/bench/http_ceiling$(EXEEXT) tests/bench/bench_store$(EXEEXT) tests/bench/bench_smpp_link$(EXEEXT)
.PHONY: bench
bench: all $(BENCH_BUILT)
	$(AM_V_at)top_builddir='$(abs_top_builddir)' top_srcdir='$(abs_top_srcdir)' \
		$(PYTHON3) $(top_srcdir)/tests/bench/bench.py $(BENCH_OPTIONS)

# ---- ppgd with other people's programs: a decoder, an SMSC (Kannel's push initiator is test_kannel.py) ----
E2E_PEERS = tests/e2e/test_tshark.py tests/e2e/test_content_peers.py tests/e2e/test_smpp_peer.py tests/e2e/test_node_smpp.py tests/e2e/test_drive_smpp.py
TESTS += $(E2E_PEERS)
EXTRA_DIST += tests/e2e/capture.py tests/e2e/smsc.pl $(E2E_PEERS)
# node-smpp is installed by npm into the build folder, the versions that the lock file pins
EXTRA_DIST += tests/e2e/node_peer.py tests/e2e/smsc_node.js tests/e2e/node/package.json tests/e2e/node/package-lock.json
distclean-local: distclean-node
.PHONY: distclean-node
distclean-node:
	-rm -rf tests/e2e/node-smpp

TESTS += tests/e2e/test_config.py tests/e2e/test_config_values.py tests/e2e/test_from_kannel.py
EXTRA_DIST += tests/e2e/test_config.py tests/e2e/test_config_values.py tests/e2e/test_from_kannel.py

# ---- the table of bad input against the tests it names ----
TESTS += tests/check-bad-input.sh
EXTRA_DIST += tests/check-bad-input.sh

# ---- time, priority, size, reload ----
E2E_SCALE = tests/e2e/test_routes.py tests/e2e/test_reload.py tests/e2e/test_priority.py tests/e2e/test_time.py tests/e2e/test_many.py
TESTS += $(E2E_SCALE)
EXTRA_DIST += $(E2E_SCALE)

# ---- what the specifications ask, and what Kannel gets wrong ----
E2E_CONFORM = tests/e2e/test_kannel_regressions.py tests/e2e/test_conformance.py tests/e2e/test_bad_operations.py
TESTS += $(E2E_CONFORM)
EXTRA_DIST += $(E2E_CONFORM)

# ---- the table of conformance against the tests it names; ./check runs it once more when they have run ----
TESTS += tests/check-conformance.sh
EXTRA_DIST += tests/check-conformance.sh tests/conformance.list

# Links
E2E_LINKS = tests/e2e/test_link_tls.py tests/e2e/test_link_sessions.py
TESTS += $(E2E_LINKS)
EXTRA_DIST += $(E2E_LINKS)
