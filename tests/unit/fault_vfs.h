/*
 * fault_vfs.h - a disk for SQLite that fails when it is told to, and forgets what was not
 * synced when the power goes.
 */
#ifndef TESTS_UNIT_FAULT_VFS_H
#define TESTS_UNIT_FAULT_VFS_H

#include <stdint.h>

enum fault_on { FAULT_WRITE = 1, FAULT_SYNC = 2 };

/* Becomes the default of the process; from now on until fault_off every file goes through it. */
void fault_on(void);
void fault_off(void);

#define FAULT_EACH UINT32_MAX

/* The k-th (from 1) write or sync from now on fails with the SQLite error rc, once; FAULT_EACH: all do; 0: none. */
void fault_arm(unsigned what, unsigned k, int rc);
unsigned fault_seen(void);	/* writes and syncs since fault_arm */

/*
 * What a power cut would leave of the file: all that was synced, and of what was written since
 * then any part, chosen by the seed. Written to `to`. Any thread.
 */
void fault_cut(const char *path, const char *to, uint32_t seed);

#endif
