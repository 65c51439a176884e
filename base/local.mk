noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
	base/buf.c base/buf.h base/clock.c base/clock.h base/conf.h base/err.c base/err.h \
	base/json.c base/json.h base/log.c base/log.h base/loop.c base/loop.h base/queue.c base/profile_dir.c base/profile_dir.h base/queue.h base/secret.c base/secret.h \
	base/text.c base/text.h base/xml.c base/xml.h base/xml_int.h base/xml_scan.c base/xml_source.c

check_PROGRAMS += tests/unit/test_buf tests/unit/test_text
TESTS += tests/unit/test_buf tests/unit/test_text
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c
tests_unit_test_buf_LDADD = $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_text_SOURCES = tests/unit/test_text.c
tests_unit_test_text_LDADD = $(BASE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_xml
TESTS += tests/unit/test_xml
tests_unit_test_xml_SOURCES = tests/unit/test_xml.c
tests_unit_test_xml_LDADD = $(BASE_LIBS) $(TEST_LIBS)

# Configuration
base_libbase_a_SOURCES += \
	base/conf.c base/conf_diff.c base/conf_expand.c base/conf_int.h base/conf_print.c base/conf_read.c base/conf_value.c
check_PROGRAMS += tests/unit/test_conf
TESTS += tests/unit/test_conf
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c
tests_unit_test_conf_LDADD = $(BASE_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/unit/test_conf_values
TESTS += tests/unit/test_conf_values
tests_unit_test_conf_values_SOURCES = tests/unit/test_conf_values.c
tests_unit_test_conf_values_LDADD = $(BASE_LIBS) $(TEST_LIBS)

# HTTP server
base_libbase_a_SOURCES += \
	base/http_exchange.c base/http_guard.c base/http_guard.h base/http_loop.c base/http_request.c \
	base/http_handshake.c base/http_server.c base/http_server.h base/http_server_int.h \
	base/http_tls.c base/http_tls.h base/http_tls_int.h
check_PROGRAMS += tests/unit/test_http_server
TESTS += tests/unit/test_http_server
tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c
tests_unit_test_http_server_LDADD = $(BASE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_http_tls
TESTS += tests/unit/test_http_tls
tests_unit_test_http_tls_SOURCES = tests/unit/test_http_tls.c
tests_unit_test_http_tls_LDADD = $(BASE_LIBS) $(TEST_LIBS)

# Passwords
base_libbase_a_SOURCES += base/password.c base/password.h
check_PROGRAMS += tests/unit/test_password tests/unit/test_secret
TESTS += tests/unit/test_password tests/unit/test_secret
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c
tests_unit_test_secret_LDADD = $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_password_SOURCES = tests/unit/test_password.c
tests_unit_test_password_LDADD = $(BASE_LIBS) $(TEST_LIBS)

# HTTP client
base_libbase_a_SOURCES += \
	base/http_client.c base/http_client.h base/http_transfer.c base/http_transfer.h base/netlist.c
check_PROGRAMS += tests/unit/test_http_client tests/unit/test_netlist
TESTS += tests/unit/test_http_client tests/unit/test_netlist
tests_unit_test_http_client_SOURCES = tests/unit/test_http_client.c
tests_unit_test_http_client_LDADD = $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_netlist_SOURCES = tests/unit/test_netlist.c
tests_unit_test_netlist_LDADD = $(BASE_LIBS) $(TEST_LIBS)

# TLS of links to an SMSC
base_libbase_a_SOURCES += base/tls.c base/tls.h
check_PROGRAMS += tests/unit/test_tls
TESTS += tests/unit/test_tls
tests_unit_test_tls_SOURCES = tests/unit/test_tls.c
tests_unit_test_tls_LDADD = $(BASE_LIBS) $(TEST_LIBS)
