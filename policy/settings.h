/* settings.h - stages 11 to 13, for pushes and local sources alike; inside policy/ only. */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include "policy/policy.h"

enum { REASON_MALFORMED = 2, REASON_SETTING = 15, REASON_PROXY = 16, REASON_DM_ROLE = 20 };

/* What a base mask may do once 4120 and 4119 lend it roles; neither feeds the other. */
uint32_t settings_roles(const struct policy_device *dev, uint32_t mask);

/* 0, or the reason code of the first setting that `effective` may not change and its path. */
int settings_check(const struct policy_device *dev, uint32_t effective,
    const struct policy_setting *settings, size_t n, const char **path);
/* Values that the device can hold: stage 13 would take them, but for want of room. */
bool settings_fit(const struct policy_device *dev, const struct policy_setting *s);
/* The first parm of a name; its value when it is set, NULL when absent, removed or without one. */
const struct policy_parm *settings_parm(const struct policy_setting *s, const char *name);
const char *settings_value(const struct policy_setting *s, const char *name);
/* What settings_check found wrong, as the name of a test. */
const char *settings_test(int code);

#endif
