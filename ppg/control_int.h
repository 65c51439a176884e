/* control_int.h - what the files of control.h share: strings of digits, and whether they are a document's PIN. */
#ifndef PPG_CONTROL_INT_H
#define PPG_CONTROL_INT_H

#include "ppg/control.h"

enum { PIN_RUNS_MAX = 8, PIN_RUN_SIZE = 25 };

struct pin_runs {
	char text[PIN_RUNS_MAX][PIN_RUN_SIZE];
	unsigned n;
};

/* Does the user's PIN go into such a MAC? */
bool pin_method(enum prov_sec sec);
/* Adds the strings of digits in a text; single blanks, dots and hyphens between digits do not end one. */
void pin_runs_find(struct span text, struct pin_runs *out);
/* Is the PIN among them, or part of one? imsi NULL: unknown. */
bool pin_runs_hold(const struct pin_runs *runs, enum prov_sec sec, const char *mac, struct span body, const char *imsi);

#endif
