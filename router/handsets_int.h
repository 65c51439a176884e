/* handsets_int.h - simulated handsets from inside; for handsets.c and handsets_dm.c. */
#ifndef ROUTER_HANDSETS_INT_H
#define ROUTER_HANDSETS_INT_H

#include "router/handset_json.h"
#include "router/handsets.h"

enum { NUMBER_SIZE = 32 };

/* Of one make: the whole device. Of a file: the text of its JSON object. */
struct handset {
	char number[NUMBER_SIZE];	/* without + */
	char *text;
	struct router_device *dev;
	json_t *dm;			/* of one make: device management; NULL */
	struct handset *older;		/* of one make: by last use */
};

struct handsets {
	const struct router_device *make;
	struct handset *newest;
	const char *path;		/* NULL: of one make */
	const struct policy_files *files;
	json_t *defaults;		/* members that a handset does not have itself; NULL */
	char *source;			/* simulator that `since` is of; NULL */
	int64_t since;
	struct handset *list;		/* of a file, sorted by number */
	size_t n;
	bool changed;
	int lock;
};

const char *handset_digits(const char *number);		/* without + */
void handset_wipe(char **text);
json_t *handset_object(const struct handset *h);	/* of a file: a new reference */
char *handset_text(json_t *obj);			/* of what was checked; heap */

struct handset *handsets_find(const struct handsets *all, const char *number);	/* of a file; NULL */
/* Of one make: made when it gets its first message; the newest now. */
struct handset *handsets_made(struct handsets *all, const char *number);
/* The device of an object; members that it has not come from the defaults. */
int handsets_device(const struct handsets *all, json_t *obj, struct router_device *dev,
    struct why *why);
/* handsets_dm.c: members of device management. */
int handsets_check_dm(const struct handsets *all, json_t *obj, const char *number,
    struct why *why);

#endif
