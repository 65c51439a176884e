noinst_LIBRARIES += wap/libwap.a
wap_libwap_a_SOURCES =

# WDP over SMS and the WSP push PDU
wap_libwap_a_SOURCES += wap/udh.c wap/udh.h wap/wsp.h

FUZZ_TARGETS += tests/fuzz/fuzz_udh
tests_fuzz_fuzz_udh_SOURCES = tests/fuzz/fuzz_udh.c $(FUZZ_MAIN)
tests_fuzz_fuzz_udh_LDADD = $(WAP_LIBS)
tests_fuzz_fuzz_udh_LDFLAGS = $(FUZZ_LDFLAGS)
