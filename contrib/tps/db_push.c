/* db_push.c - see db.h: what was pushed, and what became of it. */
#include "contrib/tps/db_int.h"

#include <string.h>

#include "base/clock.h"

enum { PUSHES_KEPT = 1000 };

int
tps_push_add(struct tps_db *db, const struct tps_push *p, struct why *why)
{
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	err = db_do(db, why, "INSERT INTO push(push_id, device, submitted, what, address) VALUES(?1, ?2, ?3, ?4, ?5)",
	    "tiitt", p->push_id, p->device, (int64_t)clock_utc(), p->what, p->address);
	if (err == OK)
		err = db_do(db, why, "DELETE FROM push WHERE device = ?1 AND rowid <= (SELECT rowid FROM push WHERE device = ?1"
		    " ORDER BY rowid DESC LIMIT 1 OFFSET ?2)", "ii", p->device, (int64_t)PUSHES_KEPT);
	return db_commit(db, err, why);
}

/* A result notification may overtake the answer; what it said stays. */
int
tps_push_answered(struct tps_db *db, const char *push_id, int code, const char *desc, struct why *why)
{
	return db_do(db, why, "UPDATE push SET code = ?2, description = ?3 WHERE push_id = ?1 AND state IS NULL", "tit",
	    push_id, (int64_t)code, desc);
}

int
tps_push_result(struct tps_db *db, const struct tps_push *p, struct why *why)
{
	int err = db_do(db, why, "UPDATE push SET code = ?3, state = ?4, description = ?5, event_time = ?6"
	    " WHERE push_id = ?1 AND address = ?2", "ttitti", p->push_id, p->address, (int64_t)p->code, p->state,
	    p->desc, p->event_time);

	if (err == OK && sqlite3_changes(db->sql) == 0)
		return why_set(why, ERR_NOT_FOUND, "no such push to that address");
	return err;
}

int
tps_push_each(struct tps_db *db, int64_t device, unsigned most, void (*each)(void *arg, const struct tps_push *p),
    void *arg, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT push_id, device, submitted, what, address, code, state, description, event_time"
	    " FROM push WHERE ?1 = 0 OR device = ?1 ORDER BY submitted DESC, rowid DESC LIMIT ?2", "ii", device, (int64_t)most);

	while (db_row(q)) {
		struct tps_push p = { .device = sqlite3_column_int64(q, 1), .submitted = sqlite3_column_int64(q, 2),
			.code = sqlite3_column_int(q, 5), .event_time = sqlite3_column_int64(q, 8) };

		db_text(q, 0, p.push_id, sizeof p.push_id);
		db_text(q, 3, p.what, sizeof p.what);
		db_text(q, 4, p.address, sizeof p.address);
		db_text(q, 6, p.state, sizeof p.state);
		db_text(q, 7, p.desc, sizeof p.desc);
		each(arg, &p);
	}
	return db_end(db, q, why);
}
