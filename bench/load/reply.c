/* The reply, message by message; protocol chapter, "Message Formats". */
#include "bench/load/reply.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define INT4_OID 23
#define INT4_BYTES 4

struct writer {
    unsigned char *out;
    size_t n;
};

static void put(struct writer *writer, const void *bytes, size_t n_bytes)
{
    memcpy(writer->out + writer->n, bytes, n_bytes);
    writer->n += n_bytes;
}

static void put_int16(struct writer *writer, int value)
{
    uint16_t raw = htons((uint16_t)value);
    put(writer, &raw, sizeof raw);
}

static void put_int32(struct writer *writer, int64_t value)
{
    uint32_t raw = htonl((uint32_t)value);
    put(writer, &raw, sizeof raw);
}

static size_t begin(struct writer *writer, char type)
{
    put(writer, &type, 1);
    put_int32(writer, 0);
    return writer->n - 4;
}

static void end(struct writer *writer, size_t length_at)
{
    uint32_t raw = htonl((uint32_t)(writer->n - length_at));
    memcpy(writer->out + length_at, &raw, sizeof raw);
}

static void put_column(struct writer *writer)
{
    put(writer, "?column?", 9);
    put_int32(writer, 0); /* of no table */
    put_int16(writer, 0);
    put_int32(writer, INT4_OID);
    put_int16(writer, INT4_BYTES);
    put_int32(writer, -1);
    put_int16(writer, 0); /* text */
}

static void put_value(struct writer *writer, long number)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%ld", number);
    put_int32(writer, n);
    put(writer, digits, (size_t)n);
}

size_t reply_to_select(unsigned char *out, const long *numbers, size_t n_numbers)
{
    struct writer writer = {.out = out};
    size_t at = begin(&writer, 'T');
    put_int16(&writer, (int)n_numbers);
    for (size_t i = 0; i < n_numbers; i++)
        put_column(&writer);
    end(&writer, at);
    at = begin(&writer, 'D');
    put_int16(&writer, (int)n_numbers);
    for (size_t i = 0; i < n_numbers; i++)
        put_value(&writer, numbers[i]);
    end(&writer, at);
    at = begin(&writer, 'C');
    put(&writer, "SELECT 1", 9);
    end(&writer, at);
    at = begin(&writer, 'Z');
    put(&writer, "I", 1);
    end(&writer, at);
    return writer.n;
}
