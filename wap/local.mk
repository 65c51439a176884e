noinst_LIBRARIES += wap/libwap.a
wap_libwap_a_SOURCES =

# WBXML, content types, decoding
wap_libwap_a_SOURCES += \
	wap/content.c wap/content.h wap/content_facts.c wap/content_fields.c wap/content_int.h wap/content_parts.c \
	wap/multipart.c wap/multipart.h \
	wap/content_prov.c wap/content_service.c wap/content_tree.c wap/content_wml.c \
	wap/decode.c wap/decode.h wap/decode_fields.c wap/decode_int.h wap/decode_mms.c wap/mms.h wap/mms_encode.c wap/mms_tables.c \
	wap/syncml.c wap/syncml.h wap/syncml_int.h wap/syncml_leaf.c wap/syncml_parse.c wap/syncml_parser.h wap/syncml_print.c \
	wap/wbxml.c wap/wbxml.h wap/wbxml_encode.c wap/wbxml_encode.h wap/wbxml_int.h \
	wap/wbxml_prov.c wap/wbxml_read.c wap/wbxml_syncml.c wap/wbxml_tables.c wap/wbxml_tables.h wap/wbxml_wml.c wap/wbxml_xml.c

check_PROGRAMS += tests/unit/test_content tests/unit/test_decode tests/unit/test_wbxml
TESTS += tests/unit/test_content tests/unit/test_decode tests/unit/test_wbxml
tests_unit_test_decode_SOURCES = tests/unit/test_decode.c tests/unit/vector.h
tests_unit_test_decode_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_content_SOURCES = tests/unit/test_content.c tests/unit/vector.h
tests_unit_test_content_LDADD = $(WAP_LIBS) $(WBXML_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/unit/test_content_tokens
TESTS += tests/unit/test_content_tokens
tests_unit_test_content_tokens_SOURCES = tests/unit/test_content_tokens.c
tests_unit_test_content_tokens_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_wbxml_SOURCES = tests/unit/test_wbxml.c tests/unit/vector.h
tests_unit_test_wbxml_LDADD = $(WAP_LIBS) $(WBXML_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_content tests/fuzz/fuzz_decode tests/fuzz/fuzz_wbxml tests/fuzz/fuzz_xml
tests_fuzz_fuzz_content_SOURCES = tests/fuzz/fuzz_content.c $(FUZZ_MAIN)
tests_fuzz_fuzz_content_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_content_LDFLAGS = $(FUZZ_LINK)
check_PROGRAMS += tests/unit/test_syncml
TESTS += tests/unit/test_syncml
tests_unit_test_syncml_SOURCES = tests/unit/test_syncml.c tests/unit/vector.h
tests_unit_test_syncml_LDADD = $(WAP_LIBS) $(WBXML_LIBS) $(TEST_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_syncml
tests_fuzz_fuzz_syncml_SOURCES = tests/fuzz/fuzz_syncml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_syncml_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_syncml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c $(FUZZ_MAIN)
tests_fuzz_fuzz_decode_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_decode_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_xml_SOURCES = tests/fuzz/fuzz_xml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_xml_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_xml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_wbxml_SOURCES = tests/fuzz/fuzz_wbxml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_wbxml_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_wbxml_LDFLAGS = $(FUZZ_LINK)

# WDP over SMS and the WSP push PDU
wap_libwap_a_SOURCES += \
	wap/reasm.c wap/udh.c wap/udh.h wap/wsp.h wap/wsp_app_id.c wap/wsp_date.c wap/wsp_decode.c \
	wap/wsp_encode.c wap/wsp_encode_type.c wap/wsp_info.c wap/wsp_int.h wap/wsp_print.c wap/wsp_tables.c

FUZZ_TARGETS += tests/fuzz/fuzz_udh tests/fuzz/fuzz_wsp
tests_fuzz_fuzz_udh_SOURCES = tests/fuzz/fuzz_udh.c $(FUZZ_MAIN)
tests_fuzz_fuzz_udh_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_udh_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_wsp_SOURCES = tests/fuzz/fuzz_wsp.c $(FUZZ_MAIN)
tests_fuzz_fuzz_wsp_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_wsp_LDFLAGS = $(FUZZ_LINK)

WAP_WIRE_TESTS = \
	tests/unit/test_reasm tests/unit/test_udh tests/unit/test_wsp_decode \
	tests/unit/test_wsp_encode tests/unit/test_wsp_tables tests/unit/test_wsp_vectors
check_PROGRAMS += $(WAP_WIRE_TESTS)
TESTS += $(WAP_WIRE_TESTS)
tests_unit_test_reasm_SOURCES = tests/unit/test_reasm.c tests/unit/vector.h
tests_unit_test_reasm_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_udh_SOURCES = tests/unit/test_udh.c tests/unit/vector.h
tests_unit_test_udh_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_wsp_decode_SOURCES = tests/unit/test_wsp_decode.c tests/unit/vector.h
tests_unit_test_wsp_decode_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_wsp_encode_SOURCES = tests/unit/test_wsp_encode.c tests/unit/vector.h
tests_unit_test_wsp_encode_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_wsp_tables_SOURCES = tests/unit/test_wsp_tables.c tests/unit/vector.h
tests_unit_test_wsp_tables_LDADD = $(WAP_LIBS) $(TEST_LIBS)
tests_unit_test_wsp_vectors_SOURCES = tests/unit/test_wsp_vectors.c tests/unit/vector.h
tests_unit_test_wsp_vectors_LDADD = $(WAP_LIBS) $(TEST_LIBS)
