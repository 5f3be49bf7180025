/*
 * What PostgreSQL sends in answer to the query "select 7,12": RowDescription, DataRow, CommandComplete, ReadyForQuery,
 * to the byte. The clients of a load compare what they receive with it, the echoing server sends it; each is so
 * checked by a real server too.
 */
#ifndef BENCH_LOAD_REPLY_H
#define BENCH_LOAD_REPLY_H

#include <stddef.h>

#define REPLY_MAX_BYTES 160u
#define REPLY_MAX_COLUMNS 2u

/* Writes the reply to a select of these numbers (each fits an int4) into out[REPLY_MAX_BYTES]; gives its length. */
size_t reply_to_select(unsigned char *out, const long *numbers, size_t n_numbers);

#endif
