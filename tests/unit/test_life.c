/* test_life.c - every state x every event has a rule or is meant to be ignored. */
#include "tests/unit/test.h"

#include "ppg/life.h"

enum { LAST_STEP = STEP_QUARANTINED, LAST_EVENT = EV_ASK };

/* '.' = ignored, else first letter of the state it leads to; columns are the events in their order. */
static const char *const expected[] = {
	/*  take sub sent ref retry rec r+ rF rX deadline no-receipt cancel c-smsc replaced not-r accept c-held late unfit rel rej ask */
	[STEP_QUEUED]        = "T" "." "." "." "." "." "." "." "." "E" "E" "C" "." "C" "U" "." "." "." "." "." "." ".",
	[STEP_TAKEN]         = "." "S" "D" "U" "Q" "Q" "." "." "." "." "E" "." "." "." "." "." "C" "E" "." "." "." ".",
	[STEP_SUBMITTED]     = "." "." "." "." "." "." "D" "U" "E" "." "U" "." "C" "." "." "." "." "." "." "." "." "S",
	[STEP_DELIVERED]     = "......................",
	[STEP_UNDELIVERABLE] = "......................",
	[STEP_EXPIRED]       = "......................",
	[STEP_CANCELLED]     = "......................",
	[STEP_UNFIT]         = "." "." "." "." "." "." "." "." "." "U" "." "." "." "." "." "." "." "." "U" "." "." ".",
	[STEP_QUARANTINED]   = "." "." "." "." "." "." "." "." "." "E" "." "C" "." "C" "U" "." "." "." "." "Q" "U" ".",
};

static char
letter(int step)
{
	switch ((enum push_step)step) {
	case STEP_QUEUED: return 'Q';
	case STEP_TAKEN: return 'T';
	case STEP_SUBMITTED: return 'S';
	case STEP_DELIVERED: return 'D';
	case STEP_UNDELIVERABLE: return 'U';
	case STEP_EXPIRED: return 'E';
	case STEP_CANCELLED: return 'C';
	case STEP_UNFIT: return 'f';
	case STEP_QUARANTINED: return 'q';
	}
	return '?';
}

static void
every_state_and_event(void **state)
{
	int step, event;

	for (step = 1; step <= LAST_STEP; step++) {
		assert_int_equal(strlen(expected[step]), LAST_EVENT);
		for (event = 1; event <= LAST_EVENT; event++) {
			struct store_change c;
			int err = life_apply(step, event, &c);
			char want = expected[step][event - 1], got = err == OK ? letter(c.state) : '.';

			if (got != want)
				fail_msg("%s on %s: %c, not %c", life_step_name(step), life_event_name(event), got, want);
		}
	}
}

static void
final_states_stay(void **state)
{
	int step, event;

	for (step = 1; step <= LAST_STEP; step++)
		for (event = 1; event <= LAST_EVENT; event++) {
			struct store_change c;

			if (life_apply(step, event, &c) == OK)
				assert_int_equal(c.final, c.state >= STEP_DELIVERED && c.state <= STEP_CANCELLED);
		}
}

static void
states_on_the_wire(void **state)
{
	assert_string_equal(life_message_state(STEP_TAKEN), "pending");
	assert_string_equal(life_message_state(STEP_SUBMITTED), "pending");
	assert_string_equal(life_message_state(STEP_QUARANTINED), "pending");
	assert_string_equal(life_message_state(STEP_UNDELIVERABLE), "undeliverable");
	assert_string_equal(life_message_state(99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_and_event),
		cmocka_unit_test(final_states_stay),
		cmocka_unit_test(states_on_the_wire),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
