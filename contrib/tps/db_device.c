/* db_device.c - see db.h: devices and their accounts. */
#include "contrib/tps/db_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"

#define DEVICE_COLUMNS "id, device_id, msisdn, imsi, profile, auth, require, user, certificate, password, hash_md5," \
	" hash_sha256, server_password, client_nonce, server_nonce, session_id, created, seen, server_stamp"

/* ---- words ---------------------------------------------------------------------------------------- */

static const char *const require_names[] = { "application", "certificate", "either", "both" };

const char *
tps_require_name(enum tps_require require)
{
	return require_names[require];
}

int
tps_require_parse(const char *text, enum tps_require *out)
{
	size_t i;

	for (i = 0; i < sizeof require_names / sizeof require_names[0]; i++) {
		if (strcmp(text, require_names[i]) == 0) {
			*out = (enum tps_require)i;
			return OK;
		}
	}
	return ERR_SYNTAX;
}

static const struct {
	enum dm_auth auth;
	const char *word;
} auth_words[] = {
	{ DM_AUTH_MD5, "md5" }, { DM_AUTH_SHA256, "sha256" }, { DM_AUTH_HMAC_MD5, "hmac-md5" },
	{ DM_AUTH_HMAC_SHA256, "hmac-sha256" }, { DM_AUTH_BASIC, "basic" },
};

const char *
tps_auth_word(enum dm_auth auth)
{
	size_t i;

	for (i = 0; i < sizeof auth_words / sizeof auth_words[0]; i++)
		if (auth_words[i].auth == auth)
			return auth_words[i].word;
	return "";
}

int
tps_auth_parse(const char *text, enum dm_auth *out)
{
	size_t i;

	for (i = 0; i < sizeof auth_words / sizeof auth_words[0]; i++) {
		if (strcmp(auth_words[i].word, text) == 0) {
			*out = auth_words[i].auth;
			return OK;
		}
	}
	return ERR_SYNTAX;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
derive(struct tps_device *d)
{
	dm_user_hash(DM_AUTH_MD5, d->user, d->password, d->hash_md5);
	dm_user_hash(DM_AUTH_SHA256, d->user, d->password, d->hash_sha256);
}

static bool
taken(struct tps_db *db, const char *sql, const char *value, int64_t but)
{
	sqlite3_stmt *q = db_query(db, sql, "ti", value, but);
	bool yes = db_row(q);

	db_end(db, q, NULL);
	return yes;
}

/* What another device has already. */
static int
check_unique(struct tps_db *db, const struct tps_device *d, const char *digest, struct why *why)
{
	if (taken(db, "SELECT 1 FROM device WHERE device_id = ?1 AND id <> ?2", d->device_id, d->id))
		return why_set(why, ERR_EXISTS, "device %.100s is there already", d->device_id);
	if (d->msisdn[0] != '\0' && taken(db, "SELECT 1 FROM device WHERE msisdn = ?1 AND id <> ?2", d->msisdn, d->id))
		return why_set(why, ERR_EXISTS, "another device has that number already");
	if (taken(db, "SELECT 1 FROM device WHERE password_digest = ?1 AND id <> ?2", digest, d->id))
		return why_set(why, ERR_EXISTS, "another device has that password already; each has its own");
	return OK;
}

int
tps_device_add(struct tps_db *db, struct tps_device *d, struct why *why)
{
	char digest[SECRET_DIGEST_SIZE];
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	d->id = 0;
	d->created = clock_utc();
	derive(d);
	secret_digest(span_str(d->password), digest);
	err = check_unique(db, d, digest, why);
	if (err == OK)
		err = db_do(db, why, "INSERT INTO device(device_id, msisdn, imsi, profile, auth, require, user, certificate, password,"
		    " password_digest, hash_md5, hash_sha256, server_password, client_nonce, server_nonce, created, session_id)"
		    /* sessions of a device that is registered anew do not begin where its last ones did */
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, abs(random() % 65535) + 1)", "ttttiitttttttbbi",
		    d->device_id, or_null(d->msisdn), or_null(d->imsi), or_null(d->profile), (int64_t)d->auth,
		    (int64_t)d->require, d->user, or_null(d->certificate), d->password, digest, d->hash_md5, d->hash_sha256,
		    d->server_password, dm_octets_span(&d->client_nonce), dm_octets_span(&d->server_nonce), d->created);
	if (err == OK)
		d->id = sqlite3_last_insert_rowid(db->sql);
	return db_commit(db, err, why);
}

int
tps_device_set_password(struct tps_db *db, struct tps_device *d, const char *password, struct why *why)
{
	char digest[SECRET_DIGEST_SIZE];
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	secret_digest(span_str(password), digest);
	err = check_unique(db, d, digest, why);
	if (err == OK) {
		snprintf(d->password, sizeof d->password, "%s", password);
		derive(d);
		err = db_do(db, why, "UPDATE device SET password = ?2, password_digest = ?3, hash_md5 = ?4, hash_sha256 = ?5"
		    " WHERE id = ?1", "itttt", d->id, d->password, digest, d->hash_md5, d->hash_sha256);
	}
	return db_commit(db, err, why);
}

int
tps_device_seal(struct tps_db *db, struct tps_device *d, struct why *why)
{
	if (d->auth == DM_AUTH_HMAC_SHA256 || d->auth == DM_AUTH_BASIC || d->password[0] == '\0')
		return OK;
	secret_cleanse(d->password, sizeof d->password);
	return db_do(db, why, "UPDATE device SET password = NULL WHERE id = ?1", "i", d->id);
}

int
tps_device_set_nonces(struct tps_db *db, const struct tps_device *d, struct why *why)
{
	return db_do(db, why, "UPDATE device SET client_nonce = ?2, server_nonce = ?3 WHERE id = ?1", "ibb", d->id,
	    dm_octets_span(&d->client_nonce), dm_octets_span(&d->server_nonce));
}

int
tps_device_set_stamp(struct tps_db *db, const struct tps_device *d, struct why *why)
{
	return db_do(db, why, "UPDATE device SET server_stamp = ?2 WHERE id = ?1", "ii", d->id, d->server_stamp);
}

int
tps_device_add_mac(struct tps_db *db, int64_t id, const char *mac, int64_t keep_s, struct why *why)
{
	int64_t now = clock_utc();
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	err = db_do(db, why, "DELETE FROM mac WHERE device = ?1 AND at < ?2", "ii", id, now - keep_s);
	if (err == OK)
		err = db_do(db, why, "INSERT INTO mac VALUES(?1, ?2, ?3)", "iti", id, mac, now);
	return db_commit(db, err, why);
}

int
tps_device_set_seen(struct tps_db *db, int64_t id, int64_t at, struct why *why)
{
	return db_do(db, why, "UPDATE device SET seen = ?2 WHERE id = ?1", "ii", id, at);
}

int
tps_device_next_session(struct tps_db *db, struct tps_device *d, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "UPDATE device SET session_id = session_id % 65535 + 1 WHERE id = ?1"
	    " RETURNING session_id", "i", d->id);

	if (db_row(q))
		d->session_id = (unsigned)sqlite3_column_int64(q, 0);
	while (db_row(q))
		;
	return db_end(db, q, why);
}

int
tps_device_remove(struct tps_db *db, int64_t id, struct why *why)
{
	static const char *const statements[] = {
		"DELETE FROM push WHERE device = ?1", "DELETE FROM command WHERE device = ?1",
		"DELETE FROM result WHERE device = ?1", "DELETE FROM event WHERE device = ?1", "DELETE FROM mac WHERE device = ?1",
		"DELETE FROM device WHERE id = ?1",
	};
	int err = db_begin(db, why);
	size_t i;

	if (err != OK)
		return err;
	for (i = 0; i < sizeof statements / sizeof statements[0] && err == OK; i++)
		err = db_do(db, why, statements[i], "i", id);
	return db_commit(db, err, why);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static void
read_octets(sqlite3_stmt *q, int column, struct dm_octets *out)
{
	struct span s = db_blob(q, column);

	*out = (struct dm_octets){ .n = 0 };
	if (s.n > 0 && s.n <= sizeof out->p) {
		memcpy(out->p, s.p, s.n);
		out->n = s.n;
	}
}

static void
read_device(sqlite3_stmt *q, struct tps_device *d)
{
	*d = (struct tps_device){ .id = sqlite3_column_int64(q, 0), .auth = (enum dm_auth)sqlite3_column_int(q, 5),
		.require = (enum tps_require)sqlite3_column_int(q, 6), .session_id = (unsigned)sqlite3_column_int(q, 15),
		.created = sqlite3_column_int64(q, 16), .seen = sqlite3_column_int64(q, 17),
		.server_stamp = sqlite3_column_int64(q, 18) };
	db_text(q, 1, d->device_id, sizeof d->device_id);
	db_text(q, 2, d->msisdn, sizeof d->msisdn);
	db_text(q, 3, d->imsi, sizeof d->imsi);
	db_text(q, 4, d->profile, sizeof d->profile);
	db_text(q, 7, d->user, sizeof d->user);
	db_text(q, 8, d->certificate, sizeof d->certificate);
	db_text(q, 9, d->password, sizeof d->password);
	db_text(q, 10, d->hash_md5, sizeof d->hash_md5);
	db_text(q, 11, d->hash_sha256, sizeof d->hash_sha256);
	db_text(q, 12, d->server_password, sizeof d->server_password);
	read_octets(q, 13, &d->client_nonce);
	read_octets(q, 14, &d->server_nonce);
}

static int
read_one(struct tps_db *db, sqlite3_stmt *q, struct tps_device *out, struct why *why)
{
	bool found = db_row(q);
	int err;

	*out = (struct tps_device){ .id = 0 };
	if (found)
		read_device(q, out);
	err = db_end(db, q, why);
	return err != OK || found ? err : why_set(why, ERR_NOT_FOUND, "no such device");
}

int
tps_device_find(struct tps_db *db, const char *name, struct tps_device *out, struct why *why)
{
	return read_one(db, db_query(db, "SELECT " DEVICE_COLUMNS " FROM device WHERE device_id = ?1 OR msisdn = ?1"
	    " OR msisdn = '+' || ?1 OR user = ?1 ORDER BY device_id <> ?1, msisdn <> ?1 LIMIT 1", "t", name), out, why);
}

int
tps_device_by_id(struct tps_db *db, const char *device_id, struct tps_device *out, struct why *why)
{
	return read_one(db, db_query(db, "SELECT " DEVICE_COLUMNS " FROM device WHERE device_id = ?1", "t", device_id),
	    out, why);
}

int
tps_device_each(struct tps_db *db, void (*each)(void *arg, const struct tps_device *d), void *arg, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT " DEVICE_COLUMNS " FROM device ORDER BY device_id", "");

	while (db_row(q)) {
		struct tps_device d;

		read_device(q, &d);
		each(arg, &d);
		tps_device_done(&d);
	}
	return db_end(db, q, why);
}

void
tps_device_done(struct tps_device *d)
{
	secret_cleanse(d, sizeof *d);
}
