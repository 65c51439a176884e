noinst_LIBRARIES += store/libstore.a
store_libstore_a_SOURCES = \
	store/batch.c store/match.c store/objects.c store/store.c store/store.h store/store_int.h \
	store/sqlite.c store/sqlite_accept.c store/sqlite_due.c store/sqlite_index.c store/sqlite_int.h \
	store/sqlite_life.c store/sqlite_names.c store/sqlite_note.c store/sqlite_open.c \
	store/sqlite_read.c store/sqlite_sql.c

check_PROGRAMS += tests/unit/test_store
TESTS += tests/unit/test_store
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/store_fixture.c tests/unit/test_store.h
tests_unit_test_store_LDADD = $(STORE_LIBS) $(TEST_LIBS)

EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)

check_PROGRAMS += tests/unit/test_store_crash
TESTS += tests/unit/test_store_crash
tests_unit_test_store_crash_SOURCES = tests/unit/test_store_crash.c tests/unit/store_fixture.c \
	tests/unit/fault_vfs.c tests/unit/fault_vfs.h tests/unit/test_store.h
tests_unit_test_store_crash_LDADD = $(STORE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/unit/test_sqlite_index
TESTS += tests/unit/test_sqlite_index
tests_unit_test_sqlite_index_SOURCES = tests/unit/test_sqlite_index.c tests/unit/store_fixture.c \
	tests/unit/test_store.h
tests_unit_test_sqlite_index_LDADD = $(STORE_LIBS) $(TEST_LIBS)

EXTRA_DIST += doc/store.md
