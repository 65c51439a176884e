/*
 * smscsim_deliver.h - what a deliver_sm says: a delivery receipt, or a message of a handset.
 * Spec: SMPP v3.4 issue 1.2, 4.6, 5.2.12 (esm_class), appendix B (text of a receipt).
 */
#ifndef SMSC_SMSCSIM_DELIVER_H
#define SMSC_SMSCSIM_DELIVER_H

#include "base/json.h"
#include "smsc/smscsim_part.h"
#include "smsc/smscsim_settings.h"

enum { SIM_DELIVER_MAX = 640, SIM_SYSTEM_ID_SIZE = 17 };	/* octets of the whole PDU */

/* A message of a handset. */
struct sim_mo {
	char system_id[SIM_SYSTEM_ID_SIZE];	/* who gets it */
	char source[SIM_ADDRESS_SIZE], dest[SIM_ADDRESS_SIZE];
	uint8_t source_ton, source_npi, dest_ton, dest_npi;
	uint8_t esm_class, data_coding;
	uint8_t n;
	uint8_t octets[SIM_RECEIPT_TEXT_MAX];
};

/* What a delivery receipt tells of a part. */
struct sim_told {
	const struct sim_part *part;
	enum receipt_state state;
	bool unknown_id;		/* names a message that there never was */
};

/* From its JSON object; ERR_SYNTAX, ERR_RANGE with a sentence. */
int sim_mo_read(json_t *spec, struct sim_mo *out, struct why *why);

void sim_mo_encode(struct wbuf *w, const struct sim_mo *mo, uint32_t seq);
void sim_told_encode(struct wbuf *w, const struct sim_told *told, const struct sim_settings *set,
    uint32_t seq);

#endif
