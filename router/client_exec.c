/*
 * client_exec.c - a program per message: the message on its standard input, its output and exit status
 * to the log. It gets a process group, a small environment, and no descriptor of ours.
 */
#include "router/client_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

struct exec_job {
	struct exec_job *next;
	struct client *client;
	pid_t pid;
	int in, out;			/* our ends; -1 closed */
	struct loop_fd in_watch, out_watch;
	struct loop_timer timer;
	struct client_item *item;
	size_t written, output;
	struct sbuf said;		/* beginning of its output */
	const char *killed;		/* why, or NULL */
};

enum { SAID_MAX = 64 };			/* octets that the log shows */

/* ---- a job's ends ------------------------------------------------------------------------------ */

static void
close_in(struct exec_job *job)
{
	if (job->in < 0)
		return;
	loop_unwatch(job->client->loop, &job->in_watch);
	close(job->in);
	job->in = -1;
}

static void
close_out(struct exec_job *job)
{
	if (job->out < 0)
		return;
	loop_unwatch(job->client->loop, &job->out_watch);
	close(job->out);
	job->out = -1;
}

static void
kill_job(struct exec_job *job, const char *why)
{
	if (job->killed == NULL)
		job->killed = why;
	kill(-job->pid, SIGKILL);
}

/* A program that does not want its input closes it: that is its business. */
static void
write_in(void *arg, int events)
{
	struct exec_job *job = arg;
	ssize_t n;

	while (job->written < job->item->n) {
		n = write(job->in, job->item->octets + job->written, job->item->n - job->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		job->written += (size_t)n;
	}
	close_in(job);
}

static void
read_out(void *arg, int events)
{
	struct exec_job *job = arg;
	char block[4096];
	ssize_t n;

	while (job->out >= 0) {
		n = read(job->out, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_out(job);
			return;
		}
		job->output += (size_t)n;
		if (job->said.n < SAID_MAX)
			sbuf_put(&job->said, block, (size_t)n < SAID_MAX - job->said.n ? (size_t)n :
			    SAID_MAX - job->said.n);
		if (job->output > (size_t)job->client->output_max) {
			kill_job(job, "output limit");
			close_out(job);
		}
	}
}

static void
time_over(void *arg)
{
	kill_job(arg, "time limit");
}

/* ---- start ---------------------------------------------------------------------------------------- */

static void
all_signals_default(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETPGROUP);
}

/* 0 or an errno. */
static int
spawn(struct client *c, int in, int out, pid_t *pid)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8";
	static char sh[] = "/bin/sh", dash_c[] = "-c";
	char *const env[] = { path, locale, NULL };
	char *shell[] = { sh, dash_c, c->target, NULL };
	char **argv = c->kind == &client_shell ? shell : c->argv;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_init(&attr);
	all_signals_default(&attr);
	err = posix_spawnp(pid, argv[0], &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

static void
close_pair(int fds[2])
{
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}

static void
watch_job(struct exec_job *job)
{
	struct loop *loop = job->client->loop;

	fcntl(job->in, F_SETFL, O_NONBLOCK);
	fcntl(job->out, F_SETFL, O_NONBLOCK);
	if (loop_watch(loop, &job->in_watch, job->in, LOOP_WRITE, write_in, job) != OK ||
	    loop_watch(loop, &job->out_watch, job->out, LOOP_READ, read_out, job) != OK)
		abort();
	loop_timer_start(loop, &job->timer, job->client->time_s * 1000, time_over, job);
}

/* False: it could not be started, and the message is lost to this client. */
static bool
job_start(struct client *c)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err = 0;
	struct exec_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		abort();
	job->client = c;
	job->item = client_take(c);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		err = errno;
	if (err == 0)
		err = spawn(c, in[0], out[1], &job->pid);
	if (err != 0) {
		log_error("client", "%s: the program cannot be started: %s", c->label, strerror(err));
		close_pair(in);
		close_pair(out);
		free(job->item);
		free(job);
		c->failed++;
		return false;
	}
	close(in[0]);
	close(out[1]);
	job->in = in[1];
	job->out = out[0];
	job->next = c->jobs;
	c->jobs = job;
	c->running++;
	watch_job(job);
	return true;
}

static void
exec_kick(struct client *c)
{
	while (c->queued > 0 && c->running < c->jobs_max)
		job_start(c);
}

/* ---- end ---------------------------------------------------------------------------------------------- */

static void
job_free(struct exec_job *job)
{
	close_in(job);
	close_out(job);
	loop_timer_stop(job->client->loop, &job->timer);
	free(job->item);
	sbuf_done(&job->said);
	free(job);
}

static void
log_end(const struct exec_job *job, int status)
{
	struct client *c = job->client;
	struct sbuf said = { 0 };

	if (job->said.n > 0) {
		sbuf_str(&said, "; it said ");
		sbuf_quote(&said, sbuf_as_span(&job->said));
	}
	if (job->killed)
		log_warning("client", "%s: pid %d was killed: %s%s", c->label, (int)job->pid, job->killed,
		    said.s ? said.s : "");
	else if (WIFSIGNALED(status))
		log_warning("client", "%s: pid %d died of signal %d%s", c->label, (int)job->pid,
		    WTERMSIG(status), said.s ? said.s : "");
	else
		log_info("client", "%s: pid %d, exit status %d%s", c->label, (int)job->pid,
		    WEXITSTATUS(status), said.s ? said.s : "");
	sbuf_done(&said);
}

static bool
has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* What it left running in its group goes with it: while it is not reaped, the group's number is its own. */
static void
job_end(struct exec_job *job)
{
	struct client *c = job->client;
	int status = 0;

	kill(-job->pid, SIGKILL);
	read_out(job, 0);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	log_end(job, status);
	if (job->killed == NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		c->done++;
	else
		c->failed++;
	c->running--;
	job_free(job);
}

void
client_exec_reap(struct client *c)
{
	struct exec_job **at = &c->jobs;

	while (*at != NULL) {
		struct exec_job *job = *at;

		if (has_ended(job->pid)) {
			*at = job->next;
			job_end(job);
		} else {
			at = &job->next;
		}
	}
	if (c->kind->kick == exec_kick)
		exec_kick(c);
}

static void
exec_close(struct client *c)
{
	while (c->jobs != NULL) {
		struct exec_job *job = c->jobs;

		c->jobs = job->next;
		kill_job(job, "the router ends");
		job_end(job);
	}
}

/* ---- words of a command --------------------------------------------------------------------------------- */

/* One word from *p on: blanks part words, '...' "..." and \x keep them together. NULL: a quote is open. */
static char *
next_word(const char **p)
{
	struct sbuf word = { 0 };
	char quote = '\0';

	for (; **p != '\0' && (quote || strchr(" \t", **p) == NULL); (*p)++) {
		if (**p == quote)
			quote = '\0';
		else if (!quote && (**p == '\'' || **p == '"'))
			quote = **p;
		else if (**p == '\\' && quote != '\'' && (*p)[1] != '\0')
			sbuf_char(&word, *++*p);
		else
			sbuf_char(&word, **p);
	}
	if (quote) {
		sbuf_done(&word);
		return NULL;
	}
	return sbuf_take(&word);
}

static int
exec_check(struct client *c, struct why *why)
{
	const char *p = c->target;
	size_t n = 0;

	if (c->argv[0] != NULL)
		return OK;		/* given as words */
	for (p += strspn(p, " \t"); *p != '\0'; p += strspn(p, " \t")) {
		if (n == CLIENT_ARGS_MAX)
			return why_set(why, ERR_LIMIT, "exec: at most %d words", CLIENT_ARGS_MAX);
		c->argv[n] = next_word(&p);
		if (c->argv[n++] == NULL)
			return why_set(why, ERR_SYNTAX, "exec: a quote is not closed");
	}
	return n > 0 ? OK : why_set(why, ERR_SYNTAX, "exec: a command is expected");
}

const struct client_kind client_exec = { "exec", exec_check, exec_kick, exec_close };
const struct client_kind client_shell = { "shell", NULL, exec_kick, exec_close };
