/*
 * db.h - the device database: devices with their accounts, what was pushed to them, what waits for their next DM
 * session, and what they said. One SQLite file; the server and the command line open it at the same time.
 *
 * A handle belongs to one thread. ERR_IO with *why when the file fails; nothing half-done stays. Secrets are in
 * the file, whose mode is 0600, and never in *why.
 */
#ifndef CONTRIB_TPS_DB_H
#define CONTRIB_TPS_DB_H

#include "base/buf.h"
#include "policy/dm.h"

struct tps_db;
int tps_db_open(const char *path, struct tps_db **out, struct why *why);
void tps_db_close(struct tps_db **db);
/*
 * What is written from begin to end is on disk with end, all of it or nothing. Functions below may be called in between; one
 * that fails undoes what it did itself.
 */
int tps_db_begin(struct tps_db *db, struct why *why);
int tps_db_end(struct tps_db *db, struct why *why);

/* ---- devices (db_device.c) ---------------------------------------------------------------------- */

/* What a device has to show in a session (DM-SEC-S-002, S-005, S-007). */
enum tps_require { TPS_REQUIRE_APPLICATION, TPS_REQUIRE_CERTIFICATE, TPS_REQUIRE_EITHER, TPS_REQUIRE_BOTH };
const char *tps_require_name(enum tps_require require);
int tps_require_parse(const char *text, enum tps_require *out);
/* "md5", "sha256", "hmac-md5", "hmac-sha256", "basic". */
const char *tps_auth_word(enum dm_auth auth);
int tps_auth_parse(const char *text, enum dm_auth *out);

struct tps_device {
	int64_t id;
	char device_id[256];		/* ./DevInfo/DevId and Source of its messages, "IMEI:..." */
	char msisdn[32], imsi[20], profile[64];	/* "" unknown */
	enum dm_auth auth;
	enum tps_require require;
	char user[DM_NAME_MAX];		/* its name at the application layer */
	char certificate[600];		/* "sha256:...", "subject:...", "dns:..."; "" none */
	/*
	 * Its password; "" once the device has shown it in a session, when what is kept below is enough.
	 */
	char password[DM_PASSWORD_MAX];
	char hash_md5[DM_B64_MAX], hash_sha256[DM_B64_MAX];	/* B64(H(user:password)) */
	char server_password[DM_PASSWORD_MAX];
	struct dm_octets client_nonce, server_nonce;	/* device to server; server to device */
	unsigned session_id;		/* of the last package 0; random before the first one */
	int64_t server_stamp;		/* our last timestamp of HMAC-SHA256, UTC s: they count on over sessions */
	int64_t created, seen;		/* UTC s; seen 0: never */
};

/*
 * device_id must be there, and user, password and server_password. Fills id, the hashes and created. ERR_EXISTS, and *why says
 * what another device has already: its id, its number, or its password (DM-SEC-S-001).
 */
int tps_device_add(struct tps_db *db, struct tps_device *d, struct why *why);
/* By device id, number (with or without its +), or user name. ERR_NOT_FOUND. */
int tps_device_find(struct tps_db *db, const char *name, struct tps_device *out, struct why *why);
int tps_device_by_id(struct tps_db *db, const char *device_id, struct tps_device *out, struct why *why);
/* With all that belongs to it. */
int tps_device_remove(struct tps_db *db, int64_t id, struct why *why);
int tps_device_each(struct tps_db *db, void (*each)(void *arg, const struct tps_device *d), void *arg, struct why *why);
/* A new password: as with tps_device_add. */
int tps_device_set_password(struct tps_db *db, struct tps_device *d, const char *password, struct why *why);
/* The device has shown its password: where hashes are enough, they alone stay. */
int tps_device_seal(struct tps_db *db, struct tps_device *d, struct why *why);
int tps_device_set_nonces(struct tps_db *db, const struct tps_device *d, struct why *why);
int tps_device_set_stamp(struct tps_db *db, const struct tps_device *d, struct why *why);
/* A MAC of the device, remembered for `keep_s`. ERR_EXISTS: it came before. */
int tps_device_add_mac(struct tps_db *db, int64_t id, const char *mac, int64_t keep_s, struct why *why);
int tps_device_set_seen(struct tps_db *db, int64_t id, int64_t at, struct why *why);
/* Counts 1 .. 65535 round and round; into d->session_id. */
int tps_device_next_session(struct tps_db *db, struct tps_device *d, struct why *why);
void tps_device_done(struct tps_device *d);	/* cleanses */

/* ---- pushes (db_push.c) --------------------------------------------------------------------------- */

struct tps_push {
	char push_id[128];
	int64_t device, submitted, event_time;	/* event_time 0: not known */
	char what[64];			/* template, "notification" */
	char address[300];		/* as submitted */
	int code;			/* of the response, then of the notification; 0: no answer yet */
	char state[24], desc[200];	/* "" unknown */
};
/* The newest thousand of a device are kept. */
int tps_push_add(struct tps_db *db, const struct tps_push *p, struct why *why);
int tps_push_answered(struct tps_db *db, const char *push_id, int code, const char *desc, struct why *why);
/* Of a result notification. ERR_NOT_FOUND: no such push to that address. Repeats are OK. */
int tps_push_result(struct tps_db *db, const struct tps_push *p, struct why *why);
/* The newest first, of one device or (0) all. */
int tps_push_each(struct tps_db *db, int64_t device, unsigned most, void (*each)(void *arg, const struct tps_push *p),
    void *arg, struct why *why);

/* ---- management (db_dm.c) ------------------------------------------------------------------------- */

struct tps_command {
	int64_t id, device, added, done;
	char verb[8];			/* "get", "replace", "add", "delete", "exec" */
	char uri[256];
	char format[16], type[64];	/* "" none */
	bool has_data;
	struct sbuf data;
	int status;			/* 0: waits */
};
void tps_command_done(struct tps_command *c);
/* ERR_FULL when `most` wait already. Of those that are done the newest are kept, a thousand with those that wait. */
int tps_command_add(struct tps_db *db, struct tps_command *c, unsigned most, struct why *why);
/* What waits, oldest first, after id `after`. ERR_NOT_FOUND: nothing more. */
int tps_command_next(struct tps_db *db, int64_t device, int64_t after, struct tps_command *out, struct why *why);
int tps_command_finish(struct tps_db *db, int64_t id, int status, struct why *why);
int tps_command_clear(struct tps_db *db, int64_t device, unsigned *n, struct why *why);	/* those that wait */
int tps_command_each(struct tps_db *db, int64_t device, unsigned most,
    void (*each)(void *arg, const struct tps_command *c), void *arg, struct why *why);

/* What a node was last. ERR_FULL when `most` others are remembered already. */
int tps_result_set(struct tps_db *db, int64_t device, const char *uri, const char *format, struct span data,
    unsigned most, struct why *why);
int tps_result_each(struct tps_db *db, int64_t device,
    void (*each)(void *arg, const char *uri, const char *format, struct span data, int64_t at), void *arg, struct why *why);

/* Alerts and ends of sessions, the newest hundred of a device. */
int tps_event_add(struct tps_db *db, int64_t device, const char *kind, const char *text, struct why *why);
int tps_event_each(struct tps_db *db, int64_t device, unsigned most,
    void (*each)(void *arg, int64_t at, const char *kind, const char *text), void *arg, struct why *why);

#endif
