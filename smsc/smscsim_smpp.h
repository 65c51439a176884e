/*
 * smscsim_smpp.h - what the simulator answers to each PDU.
 * Spec: SMPP v3.4 issue 1.2, section 4; bad input as sheet S-01..S-04 asks.
 */
#ifndef SMSC_SMSCSIM_SMPP_H
#define SMSC_SMSCSIM_SMPP_H

#include "smsc/smscsim_session.h"

/* One whole PDU of a session. */
void sim_smpp_take(struct sim_session *s, struct span octets);
/* Framing is lost: generic_nack RINVCMDLEN, and the end. text: the peer seems to speak text. */
void sim_smpp_lost(struct sim_session *s, bool text);

#endif
