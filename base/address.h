/*
 * A socket's address: printed for people, for labels and for libpq.
 */
#ifndef DG_BASE_ADDRESS_H
#define DG_BASE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

struct dg_address {
    struct sockaddr_storage storage;
    socklen_t len; /* 0: not known */
};

#define DG_ADDRESS_TEXT_BYTES 128
/* "127.0.0.1:5432", "[::1]:5432", "[fe80::1%2]:5432", a socket's path, or "unknown". */
void dg_address_print(const struct dg_address *address, char text[DG_ADDRESS_TEXT_BYTES]);
/* The numeric address alone, as libpq's hostaddr has it; "" of a unix socket. */
void dg_address_print_host(const struct dg_address *address, char text[DG_ADDRESS_TEXT_BYTES]);

/* The socket .s.PGSQL.PORT in a folder, where PostgreSQL listens. False if the path is too long for one. */
bool dg_address_of_socket(const char *folder, const char *port, struct dg_address *address);

#endif
