/*
 * smscsim_part.h - one accepted submit_sm or data_sm, as the SMSC hands it to the handset.
 * Spec: SMPP v3.4 4.4, 4.7, 5.2; 3GPP TS 23.040 9.2.3.24.
 */
#ifndef SMSC_SMSCSIM_PART_H
#define SMSC_SMSCSIM_PART_H

#include "base/buf.h"
#include "smsc/smpp_pdu.h"

enum {
	SIM_ADDRESS_SIZE = 21,
	SIM_UD_MAX = 140,		/* octets of one short message, 8-bit */
	SIM_TEXT_MAX = 160		/* characters, where the SMSC packs seven bits */
};

/* Statuses that only an SMSC says. */
enum { SIM_RINVMSGID = 0x0C, SIM_RCANCELFAIL = 0x11, SIM_RREPLACEFAIL = 0x13, SIM_RQUERYFAIL = 0x67,
	SIM_ROPTPARNOTALLWD = 0xC1, SIM_RINVPARLEN = 0xC2, SIM_RMISSINGOPTPARAM = 0xC3,
	SIM_RINVOPTPARAMVAL = 0xC4 };

/* Who bound: lives as long as the simulator. */
struct sim_account;

struct sim_part {
	unsigned refs;			/* under sim->lock */
	uint32_t number;		/* its message id as a number */
	enum receipt_state state;
	int64_t at_ms, done_ms;		/* UTC: submitted, outcome; 0 none yet */
	struct sim_account *account;
	char source[SIM_ADDRESS_SIZE], dest[SIM_ADDRESS_SIZE], service_type[7], schedule[18], validity[18];
	uint8_t source_ton, source_npi, dest_ton, dest_npi;
	uint8_t esm_class, protocol_id, priority, data_coding, registered_delivery;
	bool ports_in_tlv;		/* the user data header was made here */
	bool waits;			/* its outcome is held or late: no handset has it */
	struct sim_part *next;		/* in a list of repeats */
	unsigned n_segments;		/* of several all but the last have SIM_UD_MAX octets */
	size_t n;
	uint8_t octets[];		/* UDH and UD */
};

/*
 * Check a decoded submit_sm or data_sm and copy it; one reference, the caller's. Ports and sar_* in TLVs
 * become a user data header, and a datagram that is too long for one short message is cut
 * with `ref` as its reference. NULL: *status is what to answer.
 */
struct sim_part *sim_part_create(const struct smpp_pdu *pdu, uint16_t ref, uint32_t *status);
void sim_part_ref(struct sim_part *part);
void sim_part_unref(struct sim_part **part);

struct span sim_part_segment(const struct sim_part *part, unsigned i);
bool sim_part_has_udh(const struct sim_part *part);

/* Digits to compare: blanks and '+' left out, cut at the size. */
void sim_digits(const char *address, char out[SIM_ADDRESS_SIZE]);

#endif
