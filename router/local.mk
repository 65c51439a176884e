noinst_LIBRARIES += router/librouter.a
router_librouter_a_SOURCES = \
	router/answer.c router/device.c router/pushrouter.h router/registry.c router/router.c \
	router/router_int.h router/stats.c

bin_PROGRAMS += pushrouter
pushrouter_SOURCES = \
	router/client_exec.c router/client_file.c router/client_int.h router/client_unix.c \
	router/clients.c router/clients.h router/decode_run.c router/handset_json.c \
	router/handset_json.h router/handsets.c router/handsets.h router/load.c router/options.c \
	router/options.h router/pushrouter_main.c router/service.c router/service.h \
	router/smscsim_run.c router/udp_run.c
pushrouter_LDADD = $(ROUTER_LIBS)

check_PROGRAMS += tests/unit/test_router
TESTS += tests/unit/test_router
tests_unit_test_router_SOURCES = tests/unit/test_router.c
tests_unit_test_router_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_registry tests/unit/test_router_parts
TESTS += tests/unit/test_registry tests/unit/test_router_parts
tests_unit_test_registry_SOURCES = tests/unit/test_registry.c
tests_unit_test_registry_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)
tests_unit_test_router_parts_SOURCES = tests/unit/test_router_parts.c
tests_unit_test_router_parts_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_router
tests_fuzz_fuzz_router_SOURCES = tests/fuzz/fuzz_router.c $(FUZZ_MAIN)
tests_fuzz_fuzz_router_LDADD = $(ROUTER_LIBS)
tests_fuzz_fuzz_router_LDFLAGS = $(FUZZ_LINK)

E2E_ROUTER = tests/e2e/test_handsets.py tests/e2e/test_pushrouter.py tests/e2e/test_pushrouter_clients.py \
	tests/e2e/test_udp.py
TESTS += $(E2E_ROUTER)
EXTRA_DIST += tests/e2e/pushes.py $(E2E_ROUTER)
