/*
 * predict.h - what a device will do with a message, as its profile says, before it is sent.
 * Facts: device policies sheet, sections 3 and 7; control E-14.
 */
#ifndef PPG_PREDICT_H
#define PPG_PREDICT_H

#include "base/json.h"
#include "ppg/push_facts.h"

enum { PREDICT_PROFILE_SIZE = 129 };

struct prediction {
	char profile[PREDICT_PROFILE_SIZE];
	bool device_known;		/* false: the profile stands for a device nobody knows (E-19) */
	enum policy_outcome outcome;
	int code;			/* 1..22, 0 none */
	char path[128];			/* characteristic of a rejected document; "" */
	unsigned risks;			/* policy_risks(): what stays open on that device */
	char advice[112];		/* of a refusal: the least that makes the message acceptable to this device; "" */
};

/*
 * f's message, sent from `from`, on that device. The user types the right PIN and says yes; imsi (NULL: not
 * known) tells whether a MAC made with the network PIN will fit. f's body is opened when the device would, or to tell
 * what is missing: a refusal costs hundreds of decisions.
 */
void predict(const struct policy_device *dev, struct push_facts *f, const char *from, const char *imsi,
    struct prediction *out);
/* The device will discard the message, or refuse the document. */
bool prediction_refuses(const struct prediction *p);
/* "predicted discard P13: SI role mismatch (4109); ..." or "predicted deliver". */
void prediction_print(const struct prediction *p, struct sbuf *out);
json_t *prediction_json(const struct prediction *p);	/* a new reference */
/* As it is stored, a short JSON array; and back: false when it is none. */
void prediction_write(const struct prediction *p, struct sbuf *out);
bool prediction_read(const json_t *list, struct prediction *out);

#endif
