#!/usr/bin/perl
# smsc.pl - a short message centre on Perl's Net::SMPP, for test_smpp_peer.py: SMPP by other hands.
#
# Serves one connection after another and prints a line for each PDU that it read. The last digit of the
# destination says what becomes of a message: 9 undeliverable, 8 refused as a bad address, 7 delivered with
# a receipt of text alone (no TLVs), all others delivered.
use strict;
use warnings;
use Net::SMPP;

$| = 1;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, async => 1) or die "listen: $!";
printf "port %d\n", $listener->sockport;

my $last_id = 0xA0;
my %requests = (
	Net::SMPP::CMD_bind_transceiver() => \&bind,
	Net::SMPP::CMD_submit_sm()        => \&submit,
	Net::SMPP::CMD_enquire_link()     => sub { $_[0]->enquire_link_resp(seq => $_[1]{seq}) },
	Net::SMPP::CMD_unbind()           => sub { $_[0]->unbind_resp(seq => $_[1]{seq}) },
);

sub bind {
	my ($esme, $pdu) = @_;
	my $good = $pdu->{system_id} eq 'ppg' && $pdu->{password} eq 'secret';
	$esme->bind_transceiver_resp(seq => $pdu->{seq}, status => $good ? 0 : 0x0E, system_id => 'perl');
	$esme->enquire_link if $good;
}

sub submit {
	my ($esme, $pdu) = @_;
	my ($to, $from) = @$pdu{qw(destination_addr source_addr)};
	my ($fate) = $to =~ /(\d)$/;
	my $refused = $fate == 8 ? 0x0B : 0;
	my $id = sprintf '%X-n', ++$last_id;

	printf "submit to=%s from=%s esm=%d coding=%d receipt=%d validity=%s status=%d id=%s ud=%s\n", $to, $from,
		$pdu->{esm_class}, $pdu->{data_coding}, $pdu->{registered_delivery}, $pdu->{validity_period},
		$refused, $id, unpack 'H*', $pdu->{short_message};
	return $esme->submit_sm_resp(seq => $pdu->{seq}, status => $refused, message_id => '') if $refused;
	$esme->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $id);

	my ($stat, $state) = $fate == 9 ? ('UNDELIV', 5) : ('DELIVRD', 2);
	my $text = "id:$id sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:$stat err:000 text:";
	$esme->deliver_sm(
		source_addr_ton => 1, source_addr_npi => 1, source_addr => $to,
		dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $from,
		esm_class => 4, data_coding => 0, short_message => $text,
		$fate == 7 ? () : (receipted_message_id => "$id\0", message_state => chr $state));
}

while (my $esme = $listener->accept) {
	while (my $pdu = $esme->read_pdu) {
		printf "pdu %s status=%d seq=%d\n", $pdu->explain_cmd, $pdu->{status}, $pdu->{seq};
		my $serve = $requests{$pdu->{cmd}};
		$serve->($esme, $pdu) if $serve;
		last if $pdu->{cmd} == Net::SMPP::CMD_unbind();
	}
	print "gone\n";
	$esme->close;
}
