noinst_LIBRARIES += policy/libpolicy.a
policy_libpolicy_a_SOURCES = \
	policy/case_json.c policy/case_json.h policy/catalogue.c policy/catalogue.h policy/decide.c policy/decide_int.h policy/decide_modes.c \
	policy/dm.h policy/dm_acl.c policy/dm_auth.c policy/dm_bootstrap.c policy/dm_hmac.c policy/dm_int.h policy/dm_notification.c \
	policy/dm_session.c policy/gba.c \
	policy/advise.c policy/apply.c policy/cab.c policy/device.c policy/device_json.c policy/explain.c policy/kinds.h \
	policy/member.c policy/member.h policy/names.c policy/origin.c policy/policy.h \
	policy/profile.c policy/prov_mac.c policy/prov_mac.h policy/settings.c policy/settings.h \
	policy/source.c

policy_tests = tests/unit/test_case_json tests/unit/test_policy tests/unit/test_policy_invariants \
	tests/unit/test_policy_rules tests/unit/test_policy_settings tests/unit/test_prov_mac \
	tests/unit/test_policy_profile tests/unit/test_policy_modes tests/unit/test_policy_apply
check_PROGRAMS += $(policy_tests)
TESTS += $(policy_tests)
tests_unit_test_case_json_SOURCES = tests/unit/test_case_json.c tests/unit/policy_fixture.h
tests_unit_test_case_json_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_SOURCES = tests/unit/test_policy.c tests/unit/policy_fixture.h
tests_unit_test_policy_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_rules_SOURCES = tests/unit/test_policy_rules.c tests/unit/policy_fixture.h
tests_unit_test_policy_rules_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_settings_SOURCES = tests/unit/test_policy_settings.c tests/unit/policy_fixture.h
tests_unit_test_policy_settings_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_prov_mac_SOURCES = tests/unit/test_prov_mac.c
tests_unit_test_prov_mac_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_invariants_SOURCES = tests/unit/test_policy_invariants.c tests/unit/policy_fixture.h
tests_unit_test_policy_invariants_LDADD = $(POLICY_LIBS) $(TEST_LIBS)

tests_unit_test_policy_profile_SOURCES = tests/unit/test_policy_profile.c tests/unit/policy_fixture.h \
	tests/unit/profile_files.h
tests_unit_test_policy_profile_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_apply_SOURCES = tests/unit/test_policy_apply.c tests/unit/policy_fixture.h
tests_unit_test_policy_apply_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_policy_modes_SOURCES = tests/unit/test_policy_modes.c tests/unit/policy_fixture.h
tests_unit_test_policy_modes_LDADD = $(POLICY_LIBS) $(TEST_LIBS)

# what one decision costs; it counts the calls for memory
COUNT_MEMORY = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
EXTRA_PROGRAMS += tests/bench/bench_policy
tests_bench_bench_policy_SOURCES = tests/bench/bench_policy.c tests/unit/profile_files.h
tests_bench_bench_policy_LDADD = $(POLICY_LIBS)
tests_bench_bench_policy_LDFLAGS = $(COUNT_MEMORY)
BENCH_BUILT += tests/bench/bench_policy$(EXEEXT)
tests_unit_test_policy_invariants_LDFLAGS = $(COUNT_MEMORY)

FUZZ_TARGETS += tests/fuzz/fuzz_policy_case
tests_fuzz_fuzz_policy_case_SOURCES = tests/fuzz/fuzz_policy_case.c $(FUZZ_MAIN)
tests_fuzz_fuzz_policy_case_LDADD = $(POLICY_LIBS)
tests_fuzz_fuzz_policy_case_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/fuzz_policy_profile tests/fuzz/fuzz_cab
tests_fuzz_fuzz_policy_profile_SOURCES = tests/fuzz/fuzz_policy_profile.c tests/unit/profile_files.h $(FUZZ_MAIN)
tests_fuzz_fuzz_policy_profile_LDADD = $(POLICY_LIBS)
tests_fuzz_fuzz_policy_profile_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_cab_SOURCES = tests/fuzz/fuzz_cab.c tests/unit/profile_files.h $(FUZZ_MAIN)
tests_fuzz_fuzz_cab_LDADD = $(POLICY_LIBS)
tests_fuzz_fuzz_cab_LDFLAGS = $(FUZZ_LINK)

# DM security
check_PROGRAMS += tests/unit/test_dm tests/unit/test_dm_session
TESTS += tests/unit/test_dm tests/unit/test_dm_session
tests_unit_test_dm_SOURCES = tests/unit/test_dm.c tests/unit/dm_vector.h
tests_unit_test_dm_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
tests_unit_test_dm_session_SOURCES = tests/unit/test_dm_session.c tests/unit/dm_vector.h
tests_unit_test_dm_session_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_dm
tests_fuzz_fuzz_dm_SOURCES = tests/fuzz/fuzz_dm.c $(FUZZ_MAIN)
tests_fuzz_fuzz_dm_LDADD = $(POLICY_LIBS)
tests_fuzz_fuzz_dm_LDFLAGS = $(FUZZ_LINK)
