/* fault_vfs.c - see fault_vfs.h. */
#include "tests/unit/test.h"

#include "tests/unit/fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>

struct change {			/* written or cut (octets NULL), not synced yet */
	struct change *next;
	int64_t at;
	size_t n;
	uint8_t octets[];
};

struct image {			/* of a file that was opened, by name */
	struct image *next;
	char *path;
	uint8_t *synced;
	size_t n, cap;
	struct change *changes, **tail;
};

struct file {
	sqlite3_file base;
	struct image *image;
	sqlite3_file *real;	/* behind this struct */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image *images;
static sqlite3_vfs *real_vfs, vfs;
static sqlite3_io_methods methods;
static unsigned armed_what, armed_k, seen;
static int armed_rc;

/* ---- images ---------------------------------------------------------------------------- */

static void
image_put(struct image *im, int64_t at, const uint8_t *octets, size_t n)
{
	size_t end = (size_t)at + n;

	if (end > im->cap) {
		im->cap = end * 2;
		assert_non_null(im->synced = realloc(im->synced, im->cap));
	}
	if (end > im->n) {
		memset(im->synced + im->n, 0, end - im->n);
		im->n = end;
	}
	memcpy(im->synced + at, octets, n);
}

static void
image_apply(struct image *im, const struct change *c)
{
	if (c->n > 0)
		image_put(im, c->at, c->octets, c->n);
	else if ((size_t)c->at < im->n)
		im->n = (size_t)c->at;
}

static void
image_note(struct image *im, int64_t at, const void *octets, size_t n)
{
	struct change *c = malloc(sizeof *c + n);

	assert_non_null(c);
	*c = (struct change){ .at = at, .n = n };
	if (n > 0)
		memcpy(c->octets, octets, n);
	*im->tail = c;
	im->tail = &c->next;
}

static void
image_sync(struct image *im)
{
	struct change *next;

	for (; im->changes != NULL; im->changes = next) {
		next = im->changes->next;
		image_apply(im, im->changes);
		free(im->changes);
	}
	im->tail = &im->changes;
}

static struct image *
image_of(const char *path)
{
	struct image *im;
	uint8_t buf[4096];
	size_t n;
	FILE *f;

	for (im = images; im != NULL; im = im->next)
		if (strcmp(im->path, path) == 0)
			return im;
	assert_non_null(im = calloc(1, sizeof *im));
	im->path = strdup(path);
	im->tail = &im->changes;
	im->next = images;
	images = im;
	if ((f = fopen(path, "r")) != NULL) {
		while ((n = fread(buf, 1, sizeof buf, f)) > 0)
			image_put(im, (int64_t)im->n, buf, n);
		fclose(f);
	}
	return im;
}

void
fault_cut(const char *path, const char *to, uint32_t seed)
{
	struct image *im, cut = { 0 };
	struct change *c;
	FILE *f;

	pthread_mutex_lock(&lock);
	for (im = images; im != NULL; im = im->next) {
		size_t n = strlen(im->path), k = strlen(path);

		if (n >= k && strcmp(im->path + n - k, path) == 0)
			break;
	}
	if (im != NULL) {
		image_put(&cut, 0, im->synced, im->n);
		for (c = im->changes; c != NULL; c = c->next) {
			seed = seed * 1664525 + 1013904223;
			if (seed >> 31 != 0)
				image_apply(&cut, c);
		}
	}
	pthread_mutex_unlock(&lock);
	assert_non_null(f = fopen(to, "w"));
	if (cut.n > 0)
		assert_int_equal(fwrite(cut.synced, 1, cut.n, f), cut.n);
	fclose(f);
	free(cut.synced);
}

/* ---- faults ---------------------------------------------------------------------------- */

static int
fault(unsigned what)
{
	int rc = SQLITE_OK;

	seen++;
	if ((armed_what & what) != 0 && (armed_k == FAULT_EACH || (armed_k > 0 && --armed_k == 0)))
		rc = armed_rc;
	return rc;
}

void
fault_arm(unsigned what, unsigned k, int rc)
{
	pthread_mutex_lock(&lock);
	armed_what = what;
	armed_k = k;
	armed_rc = rc;
	seen = 0;
	pthread_mutex_unlock(&lock);
}

unsigned
fault_seen(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = seen;
	pthread_mutex_unlock(&lock);
	return n;
}

/* ---- what SQLite calls ----------------------------------------------------------------- */

static sqlite3_file *
real(sqlite3_file *f)
{
	return ((struct file *)(void *)f)->real;
}

static int
x_close(sqlite3_file *f)
{
	int rc = real(f)->pMethods != NULL ? real(f)->pMethods->xClose(real(f)) : SQLITE_OK;

	f->pMethods = NULL;
	return rc;
}

static int
x_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int
x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct image *im = ((struct file *)(void *)f)->image;
	int rc;

	pthread_mutex_lock(&lock);
	rc = fault(FAULT_WRITE);
	if (rc == SQLITE_OK && (rc = real(f)->pMethods->xWrite(real(f), p, n, at)) == SQLITE_OK && im != NULL)
		image_note(im, at, p, (size_t)n);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct image *im = ((struct file *)(void *)f)->image;
	int rc;

	pthread_mutex_lock(&lock);
	if ((rc = real(f)->pMethods->xTruncate(real(f), size)) == SQLITE_OK && im != NULL)
		image_note(im, size, NULL, 0);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
x_sync(sqlite3_file *f, int flags)
{
	struct image *im = ((struct file *)(void *)f)->image;
	int rc;

	pthread_mutex_lock(&lock);
	if ((rc = fault(FAULT_SYNC)) == SQLITE_OK && im != NULL)
		image_sync(im);		/* the disk under the test need not really be synced */
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
x_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int
x_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int
x_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int
x_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int
x_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int
x_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
x_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int
x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int
x_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void
x_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int
x_shm_unmap(sqlite3_file *f, int delete)
{
	return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static sqlite3_io_methods methods = {
	.iVersion = 2, .xClose = x_close, .xRead = x_read, .xWrite = x_write, .xTruncate = x_truncate,
	.xSync = x_sync, .xFileSize = x_size, .xLock = x_lock, .xUnlock = x_unlock,
	.xCheckReservedLock = x_reserved, .xFileControl = x_control, .xSectorSize = x_sector,
	.xDeviceCharacteristics = x_traits, .xShmMap = x_shm_map, .xShmLock = x_shm_lock,
	.xShmBarrier = x_shm_barrier, .xShmUnmap = x_shm_unmap,
};

static int
x_open(sqlite3_vfs *v, sqlite3_filename path, sqlite3_file *out, int flags, int *out_flags)
{
	struct file *f = (struct file *)(void *)out;
	int rc;

	memset(f, 0, (size_t)vfs.szOsFile);
	f->real = (sqlite3_file *)(f + 1);
	rc = real_vfs->xOpen(real_vfs, path, f->real, flags, out_flags);
	if (f->real->pMethods != NULL)
		f->base.pMethods = &methods;
	if (rc == SQLITE_OK && path != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
		pthread_mutex_lock(&lock);
		f->image = image_of(path);
		pthread_mutex_unlock(&lock);
	}
	return rc;
}

void
fault_on(void)
{
	real_vfs = sqlite3_vfs_find("unix");
	assert_non_null(real_vfs);
	vfs = *real_vfs;
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	vfs.xOpen = x_open;
	fault_arm(0, 0, 0);
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void
fault_off(void)
{
	sqlite3_vfs_register(real_vfs, 1);
	sqlite3_vfs_unregister(&vfs);
	while (images != NULL) {
		struct image *next = images->next;

		image_sync(images);
		free(images->synced);
		free(images->path);
		free(images);
		images = next;
	}
}
