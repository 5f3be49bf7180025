/*
 * How the journal and the last known model of a database are written down: a text of JSON lines. No I/O here.
 *
 *      {"format":1,"hash":"<XXH3 of all that follows>"}
 *      ["database",name,system identifier,oid]
 *      ["change",kind,relation oid,attnum,schema,relation,column,new name,old type,after,before]      oldest first
 *      ["model",last full read,last read]
 *      ["schema",oid,name]
 *      ["type",oid,schema oid,name,element oid,is array]
 *      ["relation",oid,schema oid,name,relkind,relpersistence,last seen so,[column,...]]
 *
 * A column is [type oid,name,typmod,flags,hash of the default], or 0 once dropped. Times are microseconds since 1970. A
 * name that is not UTF-8 is {"hex":"..."}: names come back to the byte. A reader passes over lines and kinds of change
 * that it does not know and over items behind those it knows, so both may be added without another format. No literal,
 * no default's text and no enum label is in it.
 */
#ifndef DG_SCHEMA_STATE_FORMAT_H
#define DG_SCHEMA_STATE_FORMAT_H

#include "base/text.h"
#include "schema/journal.h"
#include "schema/vector.h"

#define DG_STATE_FORMAT 1

/* Appends the whole text to `out`; out->failed if it does not fit. Without `with_model` the journal alone. */
void dg_state_print(const struct dg_journal *journal, const struct dg_snapshot *snapshot, bool with_model,
                    struct dg_text *out);

/* What a text says. */
struct dg_saved {
    int format; /* 0: not even that could be read */
    char system_identifier[64];
    dg_oid database_oid;
    struct dg_vector changes;  /* struct dg_change */
    struct dg_snapshot *model; /* what a diff covers of it, no more; NULL if none was saved */
};

/* DG_UNPARSED: damaged, or of another format; the error says where. DG_LIMIT: a model larger than max_model_bytes.
   After a failure *saved holds the format alone and needs no fini. */
enum dg_status dg_state_parse(struct dg_str text, size_t max_model_bytes, struct dg_saved *saved,
                              struct dg_error *error) DG_MUST_CHECK;
void dg_saved_fini(struct dg_saved *saved);

#endif
