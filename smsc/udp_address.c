/* udp_address.c - the address of a device on a link over UDP; see link.h. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "smsc/link.h"

int
smsc_udp_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return OK;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return OK;
	}
	*out = (struct sockaddr_storage){ 0 };
	return ERR_SYNTAX;
}
