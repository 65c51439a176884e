noinst_LIBRARIES += store/libstore.a
store_libstore_a_SOURCES = \
	store/batch.c store/match.c store/objects.c store/store.c store/store.h store/store_int.h store/usage.c \
	store/sqlite.c store/sqlite_accept.c store/sqlite_ask.c store/sqlite_audit.c store/sqlite_cancel.c store/sqlite_due.c \
	store/sqlite_facts.c store/sqlite_index.c store/sqlite_int.h store/sqlite_keys.c store/sqlite_life.c \
	store/sqlite_list.c store/sqlite_memory.c store/sqlite_names.c store/sqlite_note.c store/sqlite_open.c \
	store/sqlite_recover.c store/sqlite_tick.c \
	store/sqlite_read.c store/sqlite_sql.c \
	store/pg.c store/pg_accept.c store/pg_ask.c store/pg_conn.c store/pg_device.c store/pg_due.c store/pg_int.h \
	store/pg_life.c store/pg_memory.c store/pg_note.c store/pg_open.c store/pg_read.c store/pg_recover.c store/pg_replace.c \
	store/pg_rows.c store/pg_sql.c store/pg_tick.c

# The contract, on every engine; then what is SQLite's own.
STORE_TESTS = tests/unit/test_store tests/unit/test_store_outcome tests/unit/test_store_whole \
	tests/unit/test_store_class tests/unit/test_store_cancel tests/unit/test_store_replace \
	tests/unit/test_store_audit tests/unit/test_store_facts tests/unit/test_store_ask tests/unit/test_store_memory tests/unit/test_sqlite_schema \
	tests/unit/test_store_crash tests/unit/test_store_files tests/unit/test_sqlite_index
STORE_FIXTURE = tests/unit/store_fixture.c tests/unit/store_pg.c tests/unit/test_store.h
STORE_FAULTS = tests/unit/fault_vfs.c tests/unit/fault_vfs.h
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
tests_unit_test_store_SOURCES = tests/unit/test_store.c $(STORE_FIXTURE)
tests_unit_test_store_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_outcome_SOURCES = tests/unit/test_store_outcome.c $(STORE_FIXTURE)
tests_unit_test_store_outcome_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_whole_SOURCES = tests/unit/test_store_whole.c $(STORE_FIXTURE)
tests_unit_test_store_whole_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_class_SOURCES = tests/unit/test_store_class.c $(STORE_FIXTURE)
tests_unit_test_store_class_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_cancel_SOURCES = tests/unit/test_store_cancel.c $(STORE_FIXTURE)
tests_unit_test_store_cancel_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_replace_SOURCES = tests/unit/test_store_replace.c $(STORE_FIXTURE)
tests_unit_test_store_replace_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_audit_SOURCES = tests/unit/test_store_audit.c $(STORE_FIXTURE)
tests_unit_test_store_audit_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_facts_SOURCES = tests/unit/test_store_facts.c $(STORE_FIXTURE)
tests_unit_test_store_facts_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_ask_SOURCES = tests/unit/test_store_ask.c $(STORE_FIXTURE)
tests_unit_test_store_ask_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_memory_SOURCES = tests/unit/test_store_memory.c $(STORE_FIXTURE)
tests_unit_test_store_memory_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_sqlite_schema_SOURCES = tests/unit/test_sqlite_schema.c $(STORE_FIXTURE) $(STORE_FAULTS)
tests_unit_test_sqlite_schema_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_crash_SOURCES = tests/unit/test_store_crash.c $(STORE_FIXTURE) $(STORE_FAULTS)
tests_unit_test_store_crash_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_store_files_SOURCES = tests/unit/test_store_files.c $(STORE_FIXTURE) $(STORE_FAULTS)
tests_unit_test_store_files_LDADD = $(STORE_LIBS) $(TEST_LIBS)
tests_unit_test_sqlite_index_SOURCES = tests/unit/test_sqlite_index.c $(STORE_FIXTURE)
tests_unit_test_sqlite_index_LDADD = $(STORE_LIBS) $(TEST_LIBS)

EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)

# The same programs again, on PostgreSQL, and what is PostgreSQL's own.
check_PROGRAMS += tests/unit/test_pg
tests_unit_test_pg_SOURCES = tests/unit/test_pg.c $(STORE_FIXTURE)
tests_unit_test_pg_LDADD = $(STORE_LIBS) $(TEST_LIBS)
TESTS += tests/unit/test_store_pg.sh
EXTRA_DIST += tests/unit/test_store_pg.sh tests/unit/pg_cluster.sh

EXTRA_DIST += doc/store.md
