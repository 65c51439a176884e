noinst_LIBRARIES += router/librouter.a
router_librouter_a_SOURCES = \
	router/answer.c router/device.c router/pushrouter.h router/registry.c router/router.c \
	router/router_int.h router/stats.c

bin_PROGRAMS += pushrouter
pushrouter_SOURCES = \
	router/decode_run.c router/options.c router/options.h router/pushrouter_main.c \
	router/smscsim_run.c
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

TESTS += tests/e2e/test_pushrouter.py
EXTRA_DIST += tests/e2e/test_pushrouter.py
