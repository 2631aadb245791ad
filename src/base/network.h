/*
 * Lists of addresses and networks, as configuration has them: "127.0.0.0/8
 * ::1 10.1.2.3", by white space or commas.
 */
#ifndef COFFER_BASE_NETWORK_H
#define COFFER_BASE_NETWORK_H

#include <stdbool.h>

/* Whether every word of the list is an address (IPv4 or IPv6) or a network
 * (address/prefix). A list may be empty: nobody is in it. */
bool network_list_valid(const char *list);

/* Whether an address, as text, is in a list or in one of its networks. What is
 * no address is in none; ::ffff:192.0.2.1 is 192.0.2.1. */
bool network_list_has(const char *list, const char *address);

#endif
