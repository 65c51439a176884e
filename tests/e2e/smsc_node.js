/*
 * smsc_node.js - a short message centre on node-smpp, for test_node_smpp.py: SMPP by other hands.
 *
 * Prints a line for each PDU that it read. The last digit of the destination says what becomes of a message:
 * 9 undeliverable, 8 refused as a bad address, 7 delivered with a receipt of text alone (no TLVs), 6 kept until
 * it is cancelled, 5 throttled twice before it is taken, 4 delivered and then our unbind, 3 delivered without a
 * receipt, all others delivered.
 *
 * `smsc_node.js client PORT` is the other end instead: an ESME that submits, asks and cancels.
 */
'use strict';
const smpp = require('smpp');

const say = (...words) => console.log(words.join(' '));
const hex = (octets) => Buffer.from(octets || '').toString('hex');

/* The octets of a field that node-smpp has taken apart: what it found of a header, and the rest. */
function octetsOf(field) {
	if (field === undefined)
		return '-';
	if (!field.udh)
		return hex(field.message);
	const udh = Buffer.concat(field.udh);
	return hex(Buffer.concat([Buffer.from([udh.length]), udh, Buffer.from(field.message)]));
}

const held = new Map();			/* message id -> submit_sm */
const throttled = new Map();		/* number -> times */
let lastId = 0xA0;

function receipt(session, pdu, id, stat, state, textAlone, answered) {
	const text = `id:${id} sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:${stat} err:000 text:`;
	session.deliver_sm(Object.assign({
		source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr,
		dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: pdu.source_addr,
		esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT, short_message: { message: text },
	}, textAlone ? {} : { receipted_message_id: id, message_state: state }), answered);
}

function submit(session, pdu) {
	const fate = pdu.destination_addr.slice(-1);
	const id = (++lastId).toString(16).toUpperCase() + '-n';
	let status = fate === '8' ? smpp.ESME_RINVDSTADR : smpp.ESME_ROK;
	if (fate === '5' && (throttled.get(pdu.destination_addr) || 0) < 2) {
		throttled.set(pdu.destination_addr, (throttled.get(pdu.destination_addr) || 0) + 1);
		status = smpp.ESME_RTHROTTLED;
	}
	const optional = ['source_port', 'dest_port', 'sar_msg_ref_num', 'sar_total_segments', 'sar_segment_seqnum']
		.filter((name) => name in pdu).map((name) => `${name}=${pdu[name]}`);
	say('submit', `to=${pdu.destination_addr}`, `from=${pdu.source_addr}`, `esm=${pdu.esm_class}`, `coding=${pdu.data_coding}`,
		`receipt=${pdu.registered_delivery}`, `status=${status}`, `id=${id}`, `ud=${octetsOf(pdu.short_message)}`,
		`payload=${octetsOf(pdu.message_payload)}`, ...optional);
	session.send(pdu.response({ command_status: status, message_id: id }));
	if (status !== smpp.ESME_ROK)
		return;
	if (fate === '6' || fate === '3')
		held.set(id, pdu);
	else
		receipt(session, pdu, id, fate === '9' ? 'UNDELIV' : 'DELIVRD', fate === '9' ? 5 : 2, fate === '7',
			() => fate === '4' && session.unbind());
}

function cancel(session, pdu) {
	const found = held.get(pdu.message_id);
	const good = found && found.source_addr === pdu.source_addr && found.destination_addr === pdu.destination_addr;
	say('cancel', `id=${pdu.message_id}`, `good=${good ? 1 : 0}`);
	held.delete(pdu.message_id);
	session.send(pdu.response({ command_status: good ? smpp.ESME_ROK : smpp.ESME_RCANCELFAIL }));
}

/* What became of one that is held: it was delivered a while ago. */
function query(session, pdu) {
	const found = held.get(pdu.message_id);
	const good = found && found.source_addr === pdu.source_addr;
	say('query', `id=${pdu.message_id}`, `good=${good ? 1 : 0}`);
	session.send(pdu.response(good ? { message_id: pdu.message_id, final_date: '260102150405000+', message_state: 2 } :
		{ command_status: smpp.ESME_RQUERYFAIL }));
}

function serve(session) {
	const bind = (pdu) => {
		const good = pdu.system_id === 'ppg' && pdu.password === 'secret';
		say('bind', pdu.command, `version=${pdu.interface_version}`);
		session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RBINDFAIL, system_id: 'node' }));
		if (good)
			session.enquire_link();
	};
	session.on('pdu', (pdu) => say('pdu', pdu.command, `status=${pdu.command_status}`));
	session.on('error', (error) => say('error', error.message));
	session.on('close', () => say('gone'));
	for (const command of ['bind_transceiver', 'bind_transmitter', 'bind_receiver'])
		session.on(command, bind);
	session.on('submit_sm', (pdu) => submit(session, pdu));
	session.on('cancel_sm', (pdu) => cancel(session, pdu));
	session.on('query_sm', (pdu) => query(session, pdu));
	session.on('enquire_link', (pdu) => session.send(pdu.response()));
	session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
	session.on('unbind_resp', () => session.close());
}

/* One request after another, each printed with its answer. */
async function client(port) {
	const session = smpp.connect({ host: '127.0.0.1', port });
	const ask = (command, fields) => new Promise((answered) => session[command](fields, (pdu) => {
		const more = ['message_id', 'message_state', 'final_date', 'sc_interface_version'].filter((name) => name in pdu)
			.map((name) => `${name}=${pdu[name] instanceof Date ? 'date' : pdu[name]}`);
		say('answer', pdu.command, `status=${pdu.command_status}`, ...more);
		answered(pdu);
	}));
	const from = { source_addr_ton: 1, source_addr_npi: 1, source_addr: '12025550100' };
	const to = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '12025550123' };

	session.on('error', (error) => say('error', error.message));
	session.on('deliver_sm', (pdu) => {
		say('receipt', `esm=${pdu.esm_class}`, `id=${pdu.receipted_message_id}`, `state=${pdu.message_state}`);
		session.send(pdu.response());
	});
	await new Promise((connected) => session.on('connect', connected));
	await ask('bind_transceiver', { system_id: 'node', password: 'secret', interface_version: 0x34 });
	await ask('enquire_link', {});
	const held = await ask('submit_sm', { ...from, ...to, data_coding: 4, registered_delivery: 1,
		short_message: { udh: Buffer.from('0605040b8423f0', 'hex'), message: Buffer.from('0106', 'hex') } });
	await ask('query_sm', { ...from, message_id: held.message_id });
	await ask('cancel_sm', { ...from, ...to, message_id: held.message_id });
	await ask('query_sm', { ...from, message_id: held.message_id });
	await ask('cancel_sm', { ...from, ...to, message_id: 'none' });
	await ask('unbind', {});
	session.close();
}

if (process.argv[2] === 'client') {
	client(Number(process.argv[3]));
} else {
	const server = smpp.createServer(serve);
	server.listen(0, '127.0.0.1', () => say('port', server.address().port));
}
