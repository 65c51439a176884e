noinst_LIBRARIES += policy/libpolicy.a
policy_libpolicy_a_SOURCES = \
	policy/prov_mac.c policy/prov_mac.h

EXTRA_DIST += tests/vectors/mac

check_PROGRAMS += tests/unit/test_prov_mac
TESTS += tests/unit/test_prov_mac
tests_unit_test_prov_mac_SOURCES = tests/unit/test_prov_mac.c
tests_unit_test_prov_mac_LDADD = $(POLICY_LIBS) $(TEST_LIBS)
