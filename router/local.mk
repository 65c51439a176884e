noinst_LIBRARIES += router/librouter.a
router_librouter_a_SOURCES = \
	router/answer.c router/device.c router/dm_account.c router/dm_account.h router/dm_client.c router/dm_client.h \
	router/dm_command.c router/dm_command.h router/dm_inbox.c router/dm_inbox.h router/dm_policies.c \
	router/dm_policies.h router/dm_state.c router/dm_state.h router/dm_tnds.c \
	router/dm_tnds.h \
	router/dm_tree.c router/dm_tree.h router/dm_tree_int.h router/dm_tree_json.c router/dm_tree_server.c \
	router/pushrouter.h router/registry.c router/router.c router/router_int.h router/stats.c

bin_PROGRAMS += pushrouter
pushrouter_SOURCES = \
	router/actions.c router/actions.h router/client_exec.c router/client_file.c router/client_int.h router/client_unix.c \
	router/clients.c router/clients.h router/decode_run.c router/dm_agent.c router/dm_agent.h router/dm_session_run.c router/fetch.c \
	router/fetch.h router/handset_json.c \
	router/handset_json.h router/handsets.c router/handsets.h \
	router/handsets_dm.c router/handsets_int.h router/load.c router/options.c \
	router/options.h router/pushrouter_main.c router/service.c router/service.h \
	router/shown.c router/shown.h router/smscsim_run.c router/udp_run.c
pushrouter_LDADD = $(ROUTER_LIBS)

# For other programs: doc/router.md. One archive of all that the router calls.
lib_LIBRARIES = libpushrouter.a
libpushrouter_a_SOURCES =
libpushrouter_a_LIBADD = $(router_librouter_a_OBJECTS) $(policy_libpolicy_a_OBJECTS) \
	$(wap_libwap_a_OBJECTS) $(base_libbase_a_OBJECTS)
pushrouterdir = $(includedir)/openppg
nobase_pushrouter_HEADERS = base/buf.h base/err.h base/json.h base/profile_dir.h base/text.h \
	policy/case_json.h policy/policy.h policy/prov_mac.h router/pushrouter.h wap/udh.h wap/wsp.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = router/openppg-pushrouter.pc
router/openppg-pushrouter.pc: router/openppg-pushrouter.pc.in Makefile
	$(AM_V_GEN)$(MKDIR_P) router && sed -e 's|@prefix[@]|$(prefix)|' -e 's|@exec_prefix[@]|$(exec_prefix)|' \
		-e 's|@libdir[@]|$(libdir)|' -e 's|@includedir[@]|$(includedir)|' \
		-e 's|@PACKAGE_VERSION[@]|$(PACKAGE_VERSION)|' $(srcdir)/router/openppg-pushrouter.pc.in > $@
CLEANFILES += router/openppg-pushrouter.pc
EXTRA_DIST += doc/router.md router/openppg-pushrouter.pc.in

check_PROGRAMS += contrib/embed/embed
contrib_embed_embed_SOURCES = contrib/embed/embed.c
contrib_embed_embed_LDADD = libpushrouter.a $(EXPAT_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)

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

check_PROGRAMS += tests/unit/test_dm_account tests/unit/test_dm_client tests/unit/test_dm_tnds tests/unit/test_dm_tree
TESTS += tests/unit/test_dm_account tests/unit/test_dm_client tests/unit/test_dm_tnds tests/unit/test_dm_tree
tests_unit_test_dm_tnds_SOURCES = tests/unit/test_dm_tnds.c
tests_unit_test_dm_tnds_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)
tests_unit_test_dm_client_SOURCES = tests/unit/test_dm_client.c tests/unit/dm_fake_server.c tests/unit/dm_fake_server.h
tests_unit_test_dm_client_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)
tests_unit_test_dm_account_SOURCES = tests/unit/test_dm_account.c
tests_unit_test_dm_account_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)
tests_unit_test_dm_tree_SOURCES = tests/unit/test_dm_tree.c
tests_unit_test_dm_tree_LDADD = $(ROUTER_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_dm_client tests/fuzz/fuzz_router
tests_fuzz_fuzz_dm_client_SOURCES = tests/fuzz/fuzz_dm_client.c $(FUZZ_MAIN)
tests_fuzz_fuzz_dm_client_LDADD = $(ROUTER_LIBS)
tests_fuzz_fuzz_dm_client_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_router_SOURCES = tests/fuzz/fuzz_router.c $(FUZZ_MAIN)
tests_fuzz_fuzz_router_LDADD = $(ROUTER_LIBS)
tests_fuzz_fuzz_router_LDFLAGS = $(FUZZ_LINK)

E2E_ROUTER = tests/e2e/test_embed.py tests/e2e/test_handset_content.py tests/e2e/test_handset_dm.py tests/e2e/test_handset_tps.py \
	tests/e2e/test_handsets.py tests/e2e/test_pushrouter.py tests/e2e/test_pushrouter_clients.py tests/e2e/test_udp.py
TESTS += $(E2E_ROUTER)
EXTRA_DIST += tests/e2e/dm_server.py tests/e2e/pushes.py $(E2E_ROUTER)
