/*
 * The table of message types, one array for each side, indexed by code. The codes of the two sides overlap ('D' is
 * Describe from a client and DataRow from a server), hence two.
 */
#include "protocol/frame.h"

#define N_CODES 128

#define ROW_FRONTEND_FRONTEND(code, name, min, max) [code] = {name, min, max},
#define ROW_FRONTEND_BACKEND(code, name, min, max)
#define ROW_BACKEND_FRONTEND(code, name, min, max)
#define ROW_BACKEND_BACKEND(code, name, min, max) [code] = {name, min, max},

static const struct dg_message_type frontend_types[N_CODES] = {
#define DG_MESSAGE(side, code, name, min, max) ROW_FRONTEND_##side(code, #name, min, max)
#include "protocol/messages.def"
#undef DG_MESSAGE
};

static const struct dg_message_type backend_types[N_CODES] = {
#define DG_MESSAGE(side, code, name, min, max) ROW_BACKEND_##side(code, #name, min, max)
#include "protocol/messages.def"
#undef DG_MESSAGE
};

const struct dg_message_type *dg_message_type_find(enum dg_message_side side, char code)
{
    unsigned index = (unsigned char)code;
    if (index >= N_CODES)
        return NULL;
    const struct dg_message_type *type = side == DG_SIDE_FRONTEND ? &frontend_types[index] : &backend_types[index];
    return type->name == NULL ? NULL : type;
}
