/*
 * ppgctl.h - what the verbs of ppgctl share. Each verb is a function in ppgctl_<group>.c and a row of
 * the table in ppgctl.c; it reads its options with ctl_parse and returns one of enum ctl_exit.
 */
#ifndef PPG_PPGCTL_H
#define PPG_PPGCTL_H

#include "base/json.h"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_NO = 1,		/* the answer is no: not verified, not accepted, not decodable */
	CTL_WRONG_USE = 2
};

/* Values of an option that may be given more than once. */
struct ctl_list {
	const char **items;
	size_t n;
};

/* One option of a verb. Exactly one of text, flag and list is set. */
struct ctl_option {
	const char *name;	/* without "--"; NULL ends the table */
	const char *value;	/* what the help calls its value; NULL for a flag */
	const char *help;
	const char **text;
	bool *flag;
	struct ctl_list *list;
};

struct ctl_verb {
	const char *name;
	const char *args;	/* behind the options, in the help: "PUSH-ID"; "" */
	const char *help;	/* one line */
	enum ctl_exit (*run)(const struct ctl_verb *verb, int argc, char **argv);
};

extern const struct ctl_verb ctl_verbs[];

/*
 * Read the options of a verb; argv[0] is the verb's name. What is no option goes to args, from
 * least to most of them. true: go on, *exit is CTL_DONE. false: *exit is what the verb has to return; help was
 * printed, or what is wrong. Lists hold pointers into argv; ctl_list_done frees them.
 */
bool ctl_parse(const struct ctl_verb *verb, const struct ctl_option *options, int argc, char **argv,
    struct ctl_list *args, size_t least, size_t most, enum ctl_exit *exit);
void ctl_list_done(struct ctl_list *list);

/* "ppgctl VERB: sentence" on standard error; the second one adds how to get help. */
enum ctl_exit ctl_no(const struct ctl_verb *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum ctl_exit ctl_wrong_use(const struct ctl_verb *verb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole file, "-" is standard input; at most `most` octets. OK, ERR_IO or ERR_LIMIT with *why. */
int ctl_read_file(const char *path, size_t most, struct sbuf *out, struct why *why);
/* The octets that hexadecimal text means; blanks and line ends are skipped. *out replaces *text. */
int ctl_unhex(struct sbuf *text, struct why *why);
/* A secret from the first line of a file, else from an environment variable; NULL when neither. Heap. */
char *ctl_secret(const char *file, const char *variable, struct why *why);
/* Empty it, octets cleansed. */
void ctl_forget(char **secret);

/* One line of JSON on standard output; takes the reference. */
void ctl_print_json(json_t *value);

enum ctl_exit ctl_decode(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_encode(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_mac(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_passwd(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_submit(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_show(const struct ctl_verb *verb, int argc, char **argv);
enum ctl_exit ctl_links(const struct ctl_verb *verb, int argc, char **argv);

#endif
