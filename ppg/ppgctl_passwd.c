/* ppgctl_passwd.c - ppgctl passwd: the hash that goes into ppg-password; see password.h. */
#include "ppg/ppgctl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/password.h"

static struct termios terminal_before;

/* An interrupted program leaves the terminal as it was. */
static void
restore_terminal(int signal_number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* One line of standard input without its end; false at the end of input or beyond `size`. */
static bool
read_line(char *out, size_t size)
{
	size_t n;

	if (fgets(out, (int)size, stdin) == NULL)
		return false;
	n = strcspn(out, "\r\n");
	if (out[n] == '\0' && !feof(stdin))
		return false;
	out[n] = '\0';
	return true;
}

static bool
ask(const char *prompt, char *out, size_t size)
{
	struct termios quiet;
	bool good;

	if (tcgetattr(STDIN_FILENO, &terminal_before) != 0)
		return read_line(out, size);
	quiet = terminal_before;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	signal(SIGINT, restore_terminal);
	signal(SIGTERM, restore_terminal);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fputs(prompt, stderr);
	good = read_line(out, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	fputc('\n', stderr);
	return good;
}

static enum ctl_exit
hash(const struct ctl_verb *verb, const char *password, bool json)
{
	char made[PASSWORD_HASH_SIZE];
	int err;

	if (password[0] == '\0')
		return ctl_no(verb, "the password is empty");
	err = password_hash(span_str(password), made);
	if (err == ERR_LIMIT)
		return ctl_no(verb, "the password has more than %d octets", PASSWORD_MAX);
	if (err != OK)
		return ctl_no(verb, "there is no randomness to be had");
	if (json)
		ctl_print_json(json_pack("{s:s}", "hash", made));
	else
		puts(made);
	return CTL_DONE;
}

enum ctl_exit
ctl_passwd(const struct ctl_verb *verb, int argc, char **argv)
{
	bool json = false;
	const struct ctl_option options[] = {
		{ "json", NULL, "print JSON", NULL, &json, NULL },
		{ 0 },
	};
	char password[PASSWORD_MAX + 3], again[PASSWORD_MAX + 3];
	enum ctl_exit result;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	if (!ask("Password: ", password, sizeof password))
		result = ctl_no(verb, "one line with a password of at most %d octets is expected",
		    PASSWORD_MAX);
	else if (isatty(STDIN_FILENO) &&
	    !(ask("Again: ", again, sizeof again) && strcmp(password, again) == 0))
		result = ctl_no(verb, "the two are not the same");
	else
		result = hash(verb, password, json);
	explicit_bzero(password, sizeof password);
	explicit_bzero(again, sizeof again);
	return result;
}
