# tps, the trusted provisioning server
noinst_LIBRARIES += contrib/tps/libtps.a
contrib_tps_libtps_a_SOURCES = \
	contrib/tps/config.c contrib/tps/config.h \
	contrib/tps/db.c contrib/tps/db.h contrib/tps/db_int.h contrib/tps/db_device.c contrib/tps/db_dm.c contrib/tps/db_push.c \
	contrib/tps/template.c contrib/tps/template.h contrib/tps/template_dir.c \
	contrib/tps/certificate.c contrib/tps/certificate.h contrib/tps/pap.c contrib/tps/pap.h \
	contrib/tps/server.c contrib/tps/server.h \
	contrib/tps/session.c contrib/tps/session.h contrib/tps/session_int.h contrib/tps/session_auth.c \
	contrib/tps/session_in.c contrib/tps/session_out.c \
	contrib/tps/cli.c contrib/tps/cli.h contrib/tps/cli_device.c contrib/tps/cli_push.c contrib/tps/cli_status.c
TPS_LIBS = contrib/tps/libtps.a policy/libpolicy.a $(WAP_LIBS) $(SQLITE_LIBS)
bin_PROGRAMS += tps
tps_SOURCES = contrib/tps/tps_main.c
tps_LDADD = $(TPS_LIBS)

templatesdir = $(pkgdatadir)/templates
dist_templates_DATA = contrib/tps/templates/apn.tmpl contrib/tps/templates/bootstrap.tmpl contrib/tps/templates/dm-bootstrap.tmpl \
	contrib/tps/templates/email.tmpl contrib/tps/templates/mms.tmpl contrib/tps/templates/w7.tmpl

check_PROGRAMS += tests/unit/test_tps_template
TESTS += tests/unit/test_tps_template
tests_unit_test_tps_template_SOURCES = tests/unit/test_tps_template.c
tests_unit_test_tps_template_LDADD = $(TPS_LIBS) $(TEST_LIBS)
EXTRA_DIST += contrib/tps/tps.conf
TESTS += tests/e2e/test_tps.py tests/e2e/test_tps_dm.py tests/e2e/test_tps_handset.py
EXTRA_DIST += tests/e2e/test_tps.py tests/e2e/test_tps_dm.py tests/e2e/test_tps_handset.py tests/e2e/provisioner.py

check_PROGRAMS += tests/unit/test_tps_pap
TESTS += tests/unit/test_tps_pap
tests_unit_test_tps_pap_SOURCES = tests/unit/test_tps_pap.c
tests_unit_test_tps_pap_LDADD = $(TPS_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_tps_db
TESTS += tests/unit/test_tps_db
tests_unit_test_tps_db_SOURCES = tests/unit/test_tps_db.c
tests_unit_test_tps_db_LDADD = $(TPS_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_tps_session
TESTS += tests/unit/test_tps_session
tests_unit_test_tps_session_SOURCES = tests/unit/test_tps_session.c
tests_unit_test_tps_session_LDADD = $(TPS_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_tps
tests_fuzz_fuzz_tps_SOURCES = tests/fuzz/fuzz_tps.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tps_LDADD = $(TPS_LIBS)
tests_fuzz_fuzz_tps_LDFLAGS = $(FUZZ_LINK)
