/* initiator.c - see initiator.h. Facts: RFC 7617 (Basic). */
#include "ppg/initiator.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/password.h"
#include "base/queue.h"
#include "base/secret.h"
#include "base/text.h"

enum {
	CACHE_SLOTS = 1024,		/* verified logins remembered; more share slots */
	VERIFIER_QUEUE = 64,
	FAILURE_SLOTS = 1024,		/* (address, account) pairs watched */
	FAILURES_MAX = 20,		/* wrong passwords ... */
	FAILURE_WINDOW_MS = 60000,	/* ... in this time */
	AUTHORIZATION_MAX = 2048
};

/* ---- the set ---------------------------------------------------------------------------------- */

struct initiators {
	atomic_int refs;
	bool trusted;
	size_t n;
	struct initiator list[];
};

struct initiators *
initiators_create(const struct initiator *list, size_t n, bool trusted)
{
	struct initiators *set = calloc(1, sizeof *set + (n + trusted) * sizeof set->list[0]);

	if (set == NULL)
		abort();
	set->refs = 1;
	set->trusted = trusted;
	set->n = n;
	if (n > 0)
		memcpy(set->list, list, n * sizeof set->list[0]);
	if (trusted)
		strcpy(set->list[set->n++].name, "trusted");
	return set;
}

struct initiators *
initiators_ref(struct initiators *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

void
initiators_unref(struct initiators *set)
{
	size_t i;

	if (set == NULL || atomic_fetch_sub(&set->refs, 1) > 1)
		return;
	for (i = 0; i < set->n; i++) {
		netlist_destroy(&set->list[i].notify_allow);
		secret_cleanse(set->list[i].password, sizeof set->list[i].password);
	}
	free(set);
}

const struct initiator *
initiators_find(const struct initiators *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (strcmp(set->list[i].name, name) == 0)
			return &set->list[i];
	return NULL;
}

static const struct initiator *
find_username(const struct initiators *set, const char *username)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->list[i].username[0] != '\0' && strcmp(set->list[i].username, username) == 0)
			return &set->list[i];
	return NULL;
}

/* ---- authenticator ------------------------------------------------------------------------------- */

struct login {
	bool used, right;
	uint8_t token[32];
};

struct failures {
	uint64_t key;
	int64_t since_ms;
	unsigned count;
};

struct job {
	struct qnode node;
	struct initiators *set;
	char user[256], password[PASSWORD_MAX + 1];
	uint64_t failure_key;
	uint8_t token[32];
	void (*done)(void *arg);
	void *arg;
};

struct authenticator {
	pthread_mutex_t lock;		/* guards set, logins, failures */
	struct initiators *set;
	struct login logins[CACHE_SLOTS];
	struct failures failures[FAILURE_SLOTS];
	struct queue jobs;
	pthread_t thread;
	char dummy_hash[PASSWORD_HASH_SIZE];	/* what unknown users are checked against */
};

static struct login *
login_slot(struct authenticator *auth, const uint8_t token[32])
{
	size_t i;

	memcpy(&i, token, sizeof i);
	return &auth->logins[i % CACHE_SLOTS];
}

static void
remember(struct authenticator *auth, const uint8_t token[32], bool right)
{
	struct login *slot = login_slot(auth, token);

	slot->used = true;
	slot->right = right;
	memcpy(slot->token, token, 32);
}

static struct failures *
failure_slot(struct authenticator *auth, uint64_t key)
{
	struct failures *f = &auth->failures[key % FAILURE_SLOTS];
	int64_t now = clock_mono_ms();

	if (f->key != key || now - f->since_ms > FAILURE_WINDOW_MS)
		*f = (struct failures){ key, now, 0 };
	return f;
}

/* Plain-text passwords are known: their logins never wait. */
static void
remember_plain(struct authenticator *auth)
{
	size_t i;

	memset(auth->logins, 0, sizeof auth->logins);
	for (i = 0; i < auth->set->n; i++) {
		const struct initiator *who = &auth->set->list[i];
		uint8_t token[32];

		if (who->username[0] == '\0' || password_is_hash(who->password))
			continue;
		password_token(span_str(who->username), span_str(who->password), token);
		remember(auth, token, true);
	}
}

/*
 * One hash for every job, whether the user exists and however his password is stored, so that the
 * time tells nothing.
 */
static void
verify(struct authenticator *auth, struct job *job)
{
	const struct initiator *who = find_username(job->set, job->user);
	bool hashed = who != NULL && password_is_hash(who->password);
	bool right = password_verify(span_str(job->password), hashed ? who->password : auth->dummy_hash);

	if (!hashed)
		right = who != NULL && password_verify(span_str(job->password), who->password);
	pthread_mutex_lock(&auth->lock);
	if (job->set == auth->set) {
		remember(auth, job->token, right);
		if (!right)
			failure_slot(auth, job->failure_key)->count++;
	}
	pthread_mutex_unlock(&auth->lock);
}

static void *
run_verifier(void *arg)
{
	struct authenticator *auth = arg;
	struct qnode *node;

	while ((node = queue_take(&auth->jobs, -1)) != NULL) {
		while (node != NULL) {
			struct job *job = (struct job *)node;

			node = node->next;
			verify(auth, job);
			job->done(job->arg);
			initiators_unref(job->set);
			secret_cleanse(job, sizeof *job);
			free(job);
		}
	}
	return NULL;
}

struct authenticator *
authenticator_start(struct initiators *set)
{
	struct authenticator *auth = calloc(1, sizeof *auth);

	if (auth == NULL)
		abort();
	pthread_mutex_init(&auth->lock, NULL);
	auth->set = set;
	remember_plain(auth);
	if (password_hash(span_str("nobody has this password"), auth->dummy_hash) != OK)
		abort();
	queue_init(&auth->jobs, VERIFIER_QUEUE, NULL, NULL);
	if (pthread_create(&auth->thread, NULL, run_verifier, auth) != 0)
		abort();
	pthread_setname_np(auth->thread, "verifier");
	return auth;
}

void
authenticator_stop(struct authenticator **p)
{
	struct authenticator *auth = *p;

	if (auth == NULL)
		return;
	queue_close(&auth->jobs);
	pthread_join(auth->thread, NULL);
	queue_done(&auth->jobs);
	initiators_unref(auth->set);
	pthread_mutex_destroy(&auth->lock);
	free(auth);
	*p = NULL;
}

void
authenticator_replace(struct authenticator *auth, struct initiators *set)
{
	struct initiators *old;

	pthread_mutex_lock(&auth->lock);
	old = auth->set;
	auth->set = set;
	remember_plain(auth);
	pthread_mutex_unlock(&auth->lock);
	initiators_unref(old);
}

struct initiators *
authenticator_initiators(struct authenticator *auth)
{
	struct initiators *set;

	pthread_mutex_lock(&auth->lock);
	set = initiators_ref(auth->set);
	pthread_mutex_unlock(&auth->lock);
	return set;
}

/* "Basic <base64 of user:password>" into two C strings. */
static bool
read_basic(const char *header, char user[256], char password[PASSWORD_MAX + 1])
{
	uint8_t octets[AUTHORIZATION_MAX];
	struct span value = span_str(header);
	const uint8_t *colon;
	bool good;
	size_t n;

	if (!span_starts_nocase(value, "Basic ") || value.n > AUTHORIZATION_MAX)
		return false;
	if (text_base64(span_trim(span_of(value.p + 6, value.n - 6)), octets, &n, NULL) != OK || n == 0)
		return false;
	colon = memchr(octets, ':', n);
	good = colon != NULL &&
	    span_to_cstr(span_of(octets, (size_t)(colon - octets)), user, 256) == OK &&
	    span_to_cstr(span_of(colon + 1, n - (size_t)(colon + 1 - octets)), password,
	    PASSWORD_MAX + 1) == OK && user[0] != '\0';
	secret_cleanse(octets, n);
	return good;
}

static enum auth_result
ask_verifier(struct authenticator *auth, struct job **job)
{
	if (queue_put(&auth->jobs, &(*job)->node) != OK)
		return AUTH_BUSY;
	*job = NULL;
	return AUTH_WAIT;
}

/* Under the lock: answer from memory, or prepare the verifier's job. */
static enum auth_result
answer(struct authenticator *auth, struct job *job, const struct initiator **who)
{
	struct login *slot = login_slot(auth, job->token);
	bool known = slot->used && secret_equal(slot->token, job->token, 32);

	if (known && slot->right) {
		*who = find_username(auth->set, job->user);
		return *who != NULL ? AUTH_OK : AUTH_REFUSED;
	}
	if (failure_slot(auth, job->failure_key)->count >= FAILURES_MAX)
		return AUTH_SLOW_DOWN;
	if (known) {
		slot->used = false;	/* a wrong password is looked at again each time it is sent */
		return AUTH_REFUSED;
	}
	job->set = initiators_ref(auth->set);
	return AUTH_WAIT;
}

enum auth_result
authenticator_check(struct authenticator *auth, const struct auth_request *rq,
    struct initiators **set, const struct initiator **who, bool *authenticated, void (*done)(void *arg), void *arg)
{
	enum auth_result res = AUTH_REFUSED;
	struct job *job;
	struct sbuf key = { 0 };

	*who = NULL;
	*authenticated = false;
	pthread_mutex_lock(&auth->lock);
	*set = initiators_ref(auth->set);
	if (auth->set->trusted) {
		*who = initiators_find(auth->set, "trusted");
		res = AUTH_OK;
	}
	pthread_mutex_unlock(&auth->lock);
	if (res == AUTH_OK)
		return res;
	job = calloc(1, sizeof *job);
	if (job == NULL)
		abort();
	if (rq->authorization != NULL && read_basic(rq->authorization, job->user, job->password)) {
		job->done = done;
		job->arg = arg;
		password_token(span_str(job->user), span_str(job->password), job->token);
		sbuf_fmt(&key, "%s\n%s", rq->peer, job->user);
		job->failure_key = text_hash64(sbuf_as_span(&key));
		sbuf_done(&key);
		pthread_mutex_lock(&auth->lock);
		res = answer(auth, job, who);
		if (res == AUTH_OK) {
			initiators_unref(*set);		/* `who` lives in the set of now */
			*set = initiators_ref(auth->set);
		}
		pthread_mutex_unlock(&auth->lock);
		if (res == AUTH_WAIT) {
			struct initiators *jobs_set = job->set;

			res = ask_verifier(auth, &job);
			if (res == AUTH_BUSY)
				initiators_unref(jobs_set);
		}
		*authenticated = res == AUTH_OK;
	}
	if (res != AUTH_OK) {
		initiators_unref(*set);
		*set = NULL;
	}
	if (job != NULL) {
		secret_cleanse(job, sizeof *job);
		free(job);
	}
	return res;
}
