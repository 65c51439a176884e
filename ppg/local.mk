noinst_LIBRARIES += ppg/libppg.a
# one file a station, in the order of the way of a push
ppg_libppg_a_SOURCES = \
	ppg/front.c ppg/front.h ppg/front_int.h ppg/submission.c \
	ppg/operations.c ppg/operation_int.h ppg/operation_status.c ppg/operation_cancel.c \
	ppg/pool.c ppg/pool.h \
	ppg/initiator.c ppg/initiator.h ppg/certificate.c ppg/certificate.h ppg/number_list.c ppg/number_list.h \
	ppg/authenticator.c ppg/authenticator.h ppg/access.c ppg/access.h ppg/access_meter.c \
	ppg/admit.c ppg/admit_config.c ppg/admit.h ppg/admit_int.h ppg/admit_address.c ppg/admit_route.c ppg/admit_content.c ppg/admit_multipart.c \
	ppg/admit_capabilities.c ppg/admit_device.c ppg/admit_policy.c ppg/admit_predicted.c ppg/admit_sign.c ppg/signature.c ppg/signature.h ppg/push_facts.c ppg/push_facts.h ppg/message_case.c ppg/message_case.h ppg/predict.c ppg/predict.h \
	ppg/subscriber.c ppg/subscriber_facts.c ppg/subscriber.h ppg/screen.c ppg/screen.h \
	ppg/control.c ppg/control.h ppg/control_content.c ppg/control_int.h ppg/control_memory.c \
	ppg/control_entries.c ppg/control_marks.c ppg/control_lure.c ppg/control_pin.c ppg/control_rate.c ppg/control_recipient.c \
	ppg/route.c ppg/route.h ppg/route_rule.c ppg/route_rule.h \
	ppg/mime.c ppg/mime.h \
	ppg/entities.c ppg/entities.h \
	ppg/pap.h ppg/pap_int.h ppg/pap_parse.c ppg/pap_version.c ppg/pap_leniency.c \
	ppg/pap_print.c ppg/pap_status.c \
	ppg/address.c ppg/address.h \
	ppg/number.c ppg/number.h \
	ppg/network.c ppg/network.h \
	ppg/uaprof.c ppg/uaprof_match.c ppg/uaprof.h \
	ppg/life.c ppg/life.h \
	ppg/dispatch.c ppg/dispatch.h ppg/dispatch_int.h \
	ppg/dispatch_link.c ppg/dispatch_lane.c ppg/dispatch_pick.c ppg/dispatch_take.c ppg/dispatch_send.c ppg/dispatch_cancel.c \
	ppg/dispatch_receipt.c ppg/dispatch_query.c ppg/report.c ppg/report.h \
	ppg/notify.c ppg/notify.h \
	ppg/receivers.c ppg/receivers.h \
	ppg/admin.c ppg/admin.h ppg/admin_int.h ppg/admin_push.c ppg/admin_case.c ppg/admin_quarantine.c ppg/admin_facts.c ppg/admin_route.c ppg/admin_csv.c ppg/admin_csv.h \
	ppg/metrics.c ppg/metrics.h ppg/tally.c ppg/tally.h \
	ppg/gateway.c ppg/gateway.h

sbin_PROGRAMS += ppgd
ppgd_SOURCES = ppg/ppgd_main.c
ppgd_LDADD = $(PPG_LIBS)

check_PROGRAMS += tests/unit/test_pap tests/unit/test_mime tests/unit/test_address tests/unit/test_life \
	tests/unit/test_receivers
TESTS += tests/unit/test_pap tests/unit/test_mime tests/unit/test_address tests/unit/test_life \
	tests/unit/test_receivers
tests_unit_test_receivers_SOURCES = tests/unit/test_receivers.c
tests_unit_test_receivers_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_pap_SOURCES = tests/unit/test_pap.c
tests_unit_test_pap_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_mime_SOURCES = tests/unit/test_mime.c
tests_unit_test_mime_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_address_SOURCES = tests/unit/test_address.c
tests_unit_test_address_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_life_SOURCES = tests/unit/test_life.c
tests_unit_test_life_LDADD = $(PPG_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_number tests/unit/test_network tests/unit/test_leniency tests/unit/test_uaprof
TESTS += tests/unit/test_number tests/unit/test_network tests/unit/test_leniency tests/unit/test_uaprof
tests_unit_test_uaprof_SOURCES = tests/unit/test_uaprof.c
tests_unit_test_uaprof_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_leniency_SOURCES = tests/unit/test_leniency.c
tests_unit_test_leniency_LDADD = ppg/libppg.a $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_number_SOURCES = tests/unit/test_number.c
tests_unit_test_number_LDADD = ppg/libppg.a $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_network_SOURCES = tests/unit/test_network.c
tests_unit_test_network_LDADD = ppg/libppg.a $(BASE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_pool tests/unit/test_report
TESTS += tests/unit/test_pool tests/unit/test_report
tests_unit_test_pool_SOURCES = tests/unit/test_pool.c
tests_unit_test_pool_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_report_SOURCES = tests/unit/test_report.c
tests_unit_test_report_LDADD = $(PPG_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_pap tests/fuzz/fuzz_mime tests/fuzz/fuzz_uaprof
tests_fuzz_fuzz_uaprof_SOURCES = tests/fuzz/fuzz_uaprof.c $(FUZZ_MAIN)
tests_fuzz_fuzz_uaprof_LDADD = ppg/libppg.a $(WAP_LIBS)
tests_fuzz_fuzz_uaprof_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_pap_SOURCES = tests/fuzz/fuzz_pap.c $(FUZZ_MAIN)
tests_fuzz_fuzz_pap_LDADD = ppg/libppg.a $(BASE_LIBS)
tests_fuzz_fuzz_pap_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_mime_SOURCES = tests/fuzz/fuzz_mime.c $(FUZZ_MAIN)
tests_fuzz_fuzz_mime_LDADD = ppg/libppg.a $(BASE_LIBS)
tests_fuzz_fuzz_mime_LDFLAGS = $(FUZZ_LINK)

# ---- configuration ----
ppg_libppg_a_SOURCES += ppg/config.c ppg/config.h ppg/config_int.h ppg/config_initiator.c ppg/config_diff.c \
	ppg/config_kannel.c ppg/config_keys.c ppg/config_link.c ppg/config_link_http.c ppg/config_policy.c ppg/config_profile.c ppg/config_route.c ppg/config_tls.c
check_PROGRAMS += tests/unit/test_config_tls
TESTS += tests/unit/test_config_tls
tests_unit_test_config_tls_SOURCES = tests/unit/test_config_tls.c
tests_unit_test_config_tls_LDADD = $(PPG_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_access tests/unit/test_access_meter tests/unit/test_authenticator
TESTS += tests/unit/test_access tests/unit/test_access_meter tests/unit/test_authenticator
tests_unit_test_access_meter_SOURCES = tests/unit/test_access_meter.c
tests_unit_test_access_meter_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_authenticator_SOURCES = tests/unit/test_authenticator.c
tests_unit_test_authenticator_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_access_SOURCES = tests/unit/test_access.c
tests_unit_test_access_LDADD = $(PPG_LIBS) $(TEST_LIBS)

# ---- ppgctl ----
bin_PROGRAMS += ppgctl
ppgctl_SOURCES = ppg/ppgctl.c ppg/ppgctl.h ppg/ppgctl_decode.c ppg/ppgctl_encode.c \
	ppg/ppgctl_dm.c ppg/ppgctl_mac.c ppg/ppgctl_passwd.c ppg/ppgctl_pap.c ppg/ppgctl_submit.c ppg/ppgctl_operation.c \
	ppg/ppgctl_admin.c ppg/ppgctl_quarantine.c ppg/ppgctl_facts.c ppg/ppgctl_route.c ppg/ppgctl_policy.c ppg/ppgctl_policy.h ppg/ppgctl_policy_wire.c \
	ppg/ppgctl_policy_push.c
ppgctl_LDADD = ppg/libppg.a policy/libpolicy.a $(WAP_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_conf_LDADD = ppg/libppg.a $(WAP_LIBS)
tests_fuzz_fuzz_conf_LDFLAGS = $(FUZZ_LINK)

check_PROGRAMS += tests/unit/test_ppg_config
TESTS += tests/unit/test_ppg_config
tests_unit_test_ppg_config_SOURCES = tests/unit/test_ppg_config.c tests/unit/config_fixture.h
tests_unit_test_ppg_config_LDADD = $(PPG_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/unit/test_config_diff tests/unit/test_config_kannel tests/unit/test_config_table
TESTS += tests/unit/test_config_diff tests/unit/test_config_kannel tests/unit/test_config_table
tests_unit_test_config_kannel_SOURCES = tests/unit/test_config_kannel.c tests/unit/config_fixture.h
tests_unit_test_config_kannel_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_config_table_SOURCES = tests/unit/test_config_table.c
tests_unit_test_config_table_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_config_diff_SOURCES = tests/unit/test_config_diff.c
tests_unit_test_config_diff_LDADD = $(PPG_LIBS) $(TEST_LIBS)

# who goes next, and on which link
check_PROGRAMS += tests/unit/test_lane tests/unit/test_route
TESTS += tests/unit/test_lane tests/unit/test_route
tests_unit_test_lane_SOURCES = tests/unit/test_lane.c
tests_unit_test_lane_LDADD = ppg/libppg.a smsc/libsmsc.a $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_route_SOURCES = tests/unit/test_route.c
tests_unit_test_route_LDADD = ppg/libppg.a $(SMSC_LIBS) $(TEST_LIBS)

# ---- operating ----
OPS_TESTS = tests/unit/test_admin_csv tests/unit/test_tally tests/unit/test_pap_request
check_PROGRAMS += $(OPS_TESTS)
TESTS += $(OPS_TESTS)
tests_unit_test_admin_csv_SOURCES = tests/unit/test_admin_csv.c
tests_unit_test_admin_csv_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_tally_SOURCES = tests/unit/test_tally.c
tests_unit_test_tally_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_pap_request_SOURCES = tests/unit/test_pap_request.c
tests_unit_test_pap_request_LDADD = $(PPG_LIBS) $(TEST_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_subscribers
tests_fuzz_fuzz_subscribers_SOURCES = tests/fuzz/fuzz_subscribers.c $(FUZZ_MAIN)
tests_fuzz_fuzz_subscribers_LDADD = $(PPG_LIBS)
tests_fuzz_fuzz_subscribers_LDFLAGS = $(FUZZ_LINK)

# what does not go on air
check_PROGRAMS += tests/unit/test_control tests/unit/test_control_memory tests/unit/test_subscriber tests/unit/test_sign
TESTS += tests/unit/test_control tests/unit/test_control_memory tests/unit/test_subscriber tests/unit/test_sign
tests_unit_test_subscriber_SOURCES = tests/unit/test_subscriber.c
tests_unit_test_subscriber_LDADD = $(PPG_LIBS) $(TEST_LIBS)
# what signing costs
EXTRA_PROGRAMS += tests/bench/bench_sign
tests_bench_bench_sign_SOURCES = tests/bench/bench_sign.c
tests_bench_bench_sign_LDADD = $(PPG_LIBS) $(WBXML_LIBS)
BENCH_BUILT += tests/bench/bench_sign$(EXEEXT)
tests_unit_test_sign_SOURCES = tests/unit/test_sign.c
tests_unit_test_sign_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_memory_SOURCES = tests/unit/test_control_memory.c
tests_unit_test_control_memory_LDADD = $(PPG_LIBS) $(TEST_LIBS)
tests_unit_test_control_LDADD = $(PPG_LIBS) $(TEST_LIBS)

# ---- routes ----
ROUTE_TESTS = tests/unit/test_route_rule tests/unit/test_config_route
check_PROGRAMS += $(ROUTE_TESTS)
TESTS += $(ROUTE_TESTS)
tests_unit_test_route_rule_SOURCES = tests/unit/test_route_rule.c
tests_unit_test_route_rule_LDADD = ppg/libppg.a smsc/libsmsc.a $(BASE_LIBS) $(TEST_LIBS)
tests_unit_test_config_route_SOURCES = tests/unit/test_config_route.c tests/unit/config_fixture.h
tests_unit_test_config_route_LDADD = $(PPG_LIBS) $(TEST_LIBS)

# messages as policy cases
check_PROGRAMS += tests/unit/test_message_case
TESTS += tests/unit/test_message_case
tests_unit_test_message_case_SOURCES = tests/unit/test_message_case.c
tests_unit_test_message_case_LDADD = $(PPG_LIBS) $(TEST_LIBS)
