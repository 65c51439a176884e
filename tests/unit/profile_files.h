/* profile_files.h - the profiles of the source tree, for tests that need a device. */
#ifndef TESTS_UNIT_PROFILE_FILES_H
#define TESTS_UNIT_PROFILE_FILES_H

#include "base/profile_dir.h"
#include "policy/policy.h"

static inline const struct policy_files *
profile_files(void)
{
	static struct profile_dir dir;
	static const struct policy_files files = { profile_dir_read, &dir };

	profile_dir_find(&dir, TOP_SRCDIR "/contrib/profiles");
	return &files;
}

#endif
