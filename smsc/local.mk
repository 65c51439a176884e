# ---- SMPP and the links ----
noinst_LIBRARIES += smsc/libsmsc.a
smsc_libsmsc_a_SOURCES = \
	smsc/box_link.c smsc/box_msg.c smsc/box_msg.h \
	smsc/link.c smsc/link.h smsc/link_kind.h smsc/smpp_link.c smsc/smpp_links.c smsc/smpp_link.h smsc/smpp_link_ask.c \
	smsc/http_answer.c smsc/http_answer.h smsc/http_fields.c smsc/http_fields.h smsc/http_link.c \
	smsc/http_receipt.c smsc/http_receipt.h smsc/http_receipt_read.c smsc/http_template.c smsc/http_template.h \
	smsc/smpp_link_conn.c smsc/smpp_link_cut.c smsc/smpp_link_outbind.c smsc/smpp_link_pace.c smsc/smpp_link_recv.c smsc/smpp_link_send.c \
	smsc/smpp_pdu.c smsc/smpp_pdu.h \
	smsc/part_link.c smsc/part_link.h smsc/resolve.c smsc/resolve.h \
	smsc/smpp_receipt.c smsc/smpp_tables.c smsc/smpp_tables.h smsc/udp_address.c smsc/udp_link.c

check_PROGRAMS += tests/unit/test_smpp_pdu tests/unit/test_smpp_receipt
TESTS += tests/unit/test_smpp_pdu tests/unit/test_smpp_receipt
tests_unit_test_smpp_pdu_SOURCES = tests/unit/test_smpp_pdu.c
tests_unit_test_smpp_pdu_LDADD = smsc/libsmsc.a $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_receipt_SOURCES = tests/unit/test_smpp_receipt.c
tests_unit_test_smpp_receipt_LDADD = smsc/libsmsc.a $(BASE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_smsc_config
TESTS += tests/unit/test_smsc_config
tests_unit_test_smsc_config_SOURCES = tests/unit/test_smsc_config.c
tests_unit_test_smsc_config_LDADD = $(SMSC_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_smpp_link tests/unit/test_smpp_link_bad tests/unit/test_smpp_link_time
TESTS += tests/unit/test_smpp_link tests/unit/test_smpp_link_bad tests/unit/test_smpp_link_time
check_PROGRAMS += tests/unit/test_smpp_link_cancel tests/unit/test_smpp_link_query tests/unit/test_smpp_link_validity tests/unit/test_smpp_links
TESTS += tests/unit/test_smpp_link_cancel tests/unit/test_smpp_link_query tests/unit/test_smpp_link_validity tests/unit/test_smpp_links
tests_unit_test_smpp_link_validity_SOURCES = tests/unit/test_smpp_link_validity.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_validity_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_link_cancel_SOURCES = tests/unit/test_smpp_link_cancel.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_cancel_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_link_query_SOURCES = tests/unit/test_smpp_link_query.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_query_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_links_SOURCES = tests/unit/test_smpp_links.c tests/unit/smpp_peer.h
tests_unit_test_smpp_links_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_link_SOURCES = tests/unit/test_smpp_link.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_link_bad_SOURCES = tests/unit/test_smpp_link_bad.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_bad_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_link_time_SOURCES = tests/unit/test_smpp_link_time.c tests/unit/smpp_peer.h
tests_unit_test_smpp_link_time_LDADD = $(SMSC_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_smpp_sessions tests/unit/test_smpp_outbind
TESTS += tests/unit/test_smpp_sessions tests/unit/test_smpp_outbind
tests_unit_test_smpp_outbind_SOURCES = tests/unit/test_smpp_outbind.c tests/unit/smpp_peer.h
tests_unit_test_smpp_outbind_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_smpp_sessions_SOURCES = tests/unit/test_smpp_sessions.c tests/unit/smpp_peer.h
tests_unit_test_smpp_sessions_LDADD = $(SMSC_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_box_link tests/unit/test_box_msg
TESTS += tests/unit/test_box_link tests/unit/test_box_msg
tests_unit_test_box_link_SOURCES = tests/unit/test_box_link.c
tests_unit_test_box_link_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_box_msg_SOURCES = tests/unit/test_box_msg.c
tests_unit_test_box_msg_LDADD = $(SMSC_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_http_template tests/unit/test_http_answer tests/unit/test_http_receipt
TESTS += tests/unit/test_http_template tests/unit/test_http_answer tests/unit/test_http_receipt
tests_unit_test_http_receipt_SOURCES = tests/unit/test_http_receipt.c
tests_unit_test_http_receipt_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_http_template_SOURCES = tests/unit/test_http_template.c
tests_unit_test_http_template_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
tests_unit_test_http_answer_SOURCES = tests/unit/test_http_answer.c
tests_unit_test_http_answer_LDADD = $(SMSC_LIBS) $(TEST_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_http_link
tests_fuzz_fuzz_http_link_SOURCES = tests/fuzz/fuzz_http_link.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_link_LDADD = $(SMSC_LIBS)
tests_fuzz_fuzz_http_link_LDFLAGS = $(FUZZ_LINK)

check_PROGRAMS += tests/unit/test_smpp_torture
TESTS += tests/unit/test_smpp_torture
tests_unit_test_smpp_torture_SOURCES = tests/unit/test_smpp_torture.c tests/unit/smpp_peer.h
tests_unit_test_smpp_torture_LDADD = $(SMSC_LIBS) $(TEST_LIBS)

EXTRA_PROGRAMS += tests/bench/bench_smpp_link
tests_bench_bench_smpp_link_SOURCES = tests/bench/bench_smpp_link.c
tests_bench_bench_smpp_link_LDADD = $(SMSC_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_smpp tests/fuzz/fuzz_smpp_link
tests_fuzz_fuzz_smpp_SOURCES = tests/fuzz/fuzz_smpp.c $(FUZZ_MAIN)
tests_fuzz_fuzz_smpp_LDADD = smsc/libsmsc.a $(BASE_LIBS)
tests_fuzz_fuzz_smpp_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_smpp_link_SOURCES = tests/fuzz/fuzz_smpp_link.c $(FUZZ_MAIN)
tests_fuzz_fuzz_smpp_link_LDADD = $(SMSC_LIBS)
tests_fuzz_fuzz_smpp_link_LDFLAGS = $(FUZZ_LINK)

# ---- smscsim and what the end-to-end tests share ----
bin_PROGRAMS += smscsim
noinst_LIBRARIES += smsc/libsmscsim.a
smsc_libsmscsim_a_SOURCES = \
	smsc/smscsim.c smsc/smscsim.h smsc/smscsim_account.c smsc/smscsim_account.h smsc/smscsim_control.c \
	smsc/smscsim_control.h smsc/smscsim_deliver.c smsc/smscsim_deliver.h smsc/smscsim_fault.c \
	smsc/smscsim_fault.h smsc/smscsim_file.c smsc/smscsim_file.h smsc/smscsim_http.c smsc/smscsim_http.h \
	smsc/smscsim_json.c smsc/smscsim_json.h smsc/smscsim_listen.c smsc/smscsim_listen.h \
	smsc/smscsim_member.c smsc/smscsim_member.h smsc/smscsim_part.c \
	smsc/smscsim_part.h smsc/smscsim_receipt.c smsc/smscsim_receipt.h smsc/smscsim_scenario.c \
	smsc/smscsim_scenario.h smsc/smscsim_session.c smsc/smscsim_session.h smsc/smscsim_settings.c \
	smsc/smscsim_settings.h smsc/smscsim_smpp.c smsc/smscsim_smpp.h smsc/smscsim_step.c smsc/smscsim_step.h \
	smsc/smscsim_store.c smsc/smscsim_store.h smsc/smscsim_terms.c smsc/smscsim_terms.h
smscsim_SOURCES = smsc/smscsim_main.c
smscsim_LDADD = smsc/libsmscsim.a $(SMSC_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_box_msg tests/fuzz/fuzz_smscsim tests/fuzz/fuzz_smscsim_json
tests_fuzz_fuzz_box_msg_SOURCES = tests/fuzz/fuzz_box_msg.c $(FUZZ_MAIN)
tests_fuzz_fuzz_box_msg_LDADD = smsc/libsmsc.a $(BASE_LIBS)
tests_fuzz_fuzz_box_msg_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_smscsim_SOURCES = tests/fuzz/fuzz_smscsim.c $(FUZZ_MAIN)
tests_fuzz_fuzz_smscsim_LDADD = smsc/libsmscsim.a $(SMSC_LIBS)
tests_fuzz_fuzz_smscsim_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_smscsim_json_SOURCES = tests/fuzz/fuzz_smscsim_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_smscsim_json_LDADD = smsc/libsmscsim.a $(SMSC_LIBS)
tests_fuzz_fuzz_smscsim_json_LDFLAGS = $(FUZZ_LINK)

E2E_SMSCSIM = tests/e2e/test_smscsim_faults.py tests/e2e/test_smscsim_receipts.py \
	tests/e2e/test_smscsim_accounts.py tests/e2e/test_smscsim_scenario.py
EXTRA_DIST += tests/e2e/harness.py tests/e2e/smpp_client.py
TESTS += tests/e2e/test_bearerbox.py tests/e2e/test_udp_link.py tests/e2e/test_http_link.py tests/e2e/test_smscsim.py tests/e2e/test_smscsim_cancel.py tests/e2e/test_smscsim_kannel.py $(E2E_SMSCSIM)
EXTRA_DIST += tests/e2e/test_bearerbox.py tests/e2e/test_udp_link.py tests/e2e/test_http_link.py tests/e2e/test_smscsim.py tests/e2e/test_smscsim_cancel.py tests/e2e/test_smscsim_kannel.py $(E2E_SMSCSIM)
