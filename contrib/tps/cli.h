/*
 * cli.h - what the verbs of tps share. A verb is a row of the table in cli.c and a function in cli_<group>.c.
 */
#ifndef CONTRIB_TPS_CLI_H
#define CONTRIB_TPS_CLI_H

#include "base/json.h"
#include "contrib/tps/config.h"
#include "contrib/tps/db.h"

enum cli_exit { CLI_DONE = 0, CLI_NO = 1, CLI_WRONG_USE = 2 };

struct cli {
	const struct cli_verb *verb;
	struct tps_config *cf;
	struct tps_db *db;
	/* from the command line, by cli_parse */
	const char **args;
	size_t n_args;
	bool json;
};

struct cli_verb {
	const char *group, *name;	/* name NULL: the group is the verb */
	const char *args;		/* for the help */
	const char *help;
	int (*run)(struct cli *c, int argc, char **argv);
};

/* One option of a verb; text or flag is set. */
struct cli_option {
	const char *name;		/* without "--"; NULL ends the table */
	const char *value, *help;	/* value NULL: a flag */
	const char **text;
	bool *flag;
};

/*
 * Is argv[0] a verb? Then run it with the configuration at `path`. Returns the exit status, -1 for another word.
 */
int cli_run(const char *path, int argc, char **argv);
void cli_print_verbs(void);

/*
 * Reads the options behind the verb; every verb has --json and --help. args[] come from least to most (the caller's array, of
 * `most` places). True: go on; else *status is what to return.
 */
bool cli_parse(struct cli *c, const struct cli_option *options, int argc, char **argv, const char **args, size_t least,
    size_t most, int *status);
int cli_no(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_wrong(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first line of a file; "-" is standard input. At most size - 1 octets. */
int cli_read_secret(const char *path, char *out, size_t size, struct why *why);
/* A whole file of at most `most` octets; "-" is standard input. */
int cli_read_file(const char *path, size_t most, struct sbuf *out, struct why *why);
/* The device that args[0] names, or a complaint. */
bool cli_device(struct cli *c, struct tps_device *d, int *status);
/* Text as JSON, null for "". */
json_t *cli_text(const char *text);
json_t *cli_time(int64_t at);
/* Data of a device: as text when it can be shown, else in hexadecimal. */
void cli_show_data(struct span data, struct sbuf *out);
/* One line on standard output; takes the reference. */
void cli_print_json(json_t *value);
void cli_random_text(unsigned octets, char *out, size_t size);	/* base64 of that many, a multiple of 3 */

int cli_device_add(struct cli *c, int argc, char **argv);
int cli_device_list(struct cli *c, int argc, char **argv);
int cli_device_show(struct cli *c, int argc, char **argv);
int cli_device_remove(struct cli *c, int argc, char **argv);
int cli_device_password(struct cli *c, int argc, char **argv);
int cli_template_list(struct cli *c, int argc, char **argv);
int cli_template_show(struct cli *c, int argc, char **argv);
int cli_push(struct cli *c, int argc, char **argv);
int cli_notify(struct cli *c, int argc, char **argv);
int cli_dm_queue(struct cli *c, int argc, char **argv);
int cli_dm_list(struct cli *c, int argc, char **argv);
int cli_dm_clear(struct cli *c, int argc, char **argv);
int cli_status(struct cli *c, int argc, char **argv);

#endif
