/*
 * Packets before the first message (protocol chapter, "Start-up" and "Canceling Requests in Progress"): a length word
 * that counts itself and a request code, no type byte.
 *
 * A start-up packet that this reader cannot make sense of is not refused here: it is marked and goes on to the server,
 * which answers in its own words. Only a length that cannot be a packet's is an error.
 */
#ifndef DG_PROTOCOL_STARTUP_H
#define DG_PROTOCOL_STARTUP_H

#include "base/status.h"
#include "base/str.h"

/* PostgreSQL's MAX_STARTUP_PACKET_LENGTH and the length word. */
#define DG_STARTUP_MAX_BYTES 10004u
#define DG_CANCEL_KEY_MIN_BYTES 4u
#define DG_CANCEL_KEY_MAX_BYTES 256u

enum dg_startup_kind {
    DG_STARTUP_MESSAGE,
    DG_STARTUP_SSL_REQUEST,
    DG_STARTUP_GSSENC_REQUEST,
    DG_STARTUP_CANCEL_REQUEST,
    DG_STARTUP_UNKNOWN /* another major version or a malformed packet: the server's to answer */
};

struct dg_startup {
    enum dg_startup_kind kind;
    uint16_t major;
    uint16_t minor;
    struct dg_str parameters; /* MESSAGE: name NUL value NUL ... without the last NUL */
    uint32_t cancel_pid;
    struct dg_str cancel_key;
};

/* The length in bytes of the packet at the front of `bytes`. DG_AGAIN when there are fewer than four, DG_PROTOCOL when
   the length is below 8 or above DG_STARTUP_MAX_BYTES. */
enum dg_status dg_startup_packet_bytes(struct dg_str bytes, size_t *len) DG_MUST_CHECK;

/* Reads one whole packet; views point into it. */
void dg_startup_parse(struct dg_str packet, struct dg_startup *startup);

/* Walks the parameters: *position starts at 0; false at the end. Unknown names are as good as known ones. */
bool dg_startup_next_parameter(const struct dg_startup *startup, size_t *position, struct dg_str *name,
                               struct dg_str *value);
/* The last value given for `name` (the server lets later ones win); data is NULL if there is none. */
struct dg_str dg_startup_find_parameter(const struct dg_startup *startup, const char *name);
/* The same for a setting (search_path, role, ...), whose names the server compares without regard to case. */
struct dg_str dg_startup_find_setting(const struct dg_startup *startup, const char *name);

/* The parameter `replication` is there and is not a plain "no": "database", "true", "on", "1", and what a later version may
   mean by it. */
bool dg_startup_asks_for_replication(const struct dg_startup *startup);

/* What a search of the `options` parameter came to. */
enum dg_options_answer {
    DG_OPTIONS_ABSENT,
    DG_OPTIONS_FOUND,
    DG_OPTIONS_UNREADABLE /* holds switches that are not understood; the setting may or may not be among them */
};

/* Looks for a setting in the start-up packet's `options` ("-c name=value --name=value", blanks split, a backslash takes
   the next byte literally). The last one wins and is copied to `value` with a NUL. */
enum dg_options_answer dg_startup_options_find(struct dg_str options, const char *name, char *value, size_t size);

#endif
