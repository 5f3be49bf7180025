/*
 * A small shop's schema, as it is before and after the changes of the stories:
 *   public.leads(id, user_email, name)      public.orders(id, total, created_at)
 *   tenant.tickets(id, subject)             secret.vault(id), without USAGE for anyone but role 11
 *   pg_catalog.pg_database(oid, datlocale)
 */
#ifndef DG_TESTS_GUARD_SHOP_H
#define DG_TESTS_GUARD_SHOP_H

#include "schema/snapshot.h"

#define SHOP_LEADS 16400U
#define SHOP_ORDERS 16500U
#define SHOP_TICKETS 16600U
#define SHOP_VAULT 16700U
#define SHOP_PG_DATABASE 1262U
#define SHOP_APP 10U /* the role "app" */

/* 2026-11-21 02:12:58 UTC, and nine seconds later. */
#define SHOP_BEFORE_US INT64_C(1795227178000000)
#define SHOP_AFTER_US INT64_C(1795227187000000)

struct shop {
    const char *lead_email;  /* the name of leads' second column; NULL: dropped; default user_email */
    const char *leads;       /* the relation's name; NULL: there is none */
    bool has_confirmed_at;   /* orders.confirmed_at */
    bool leads_in_tenant;    /* leads was moved to schema tenant */
    bool is_pooled;          /* a pooler stands before the server */
    bool idle_timeout_known; /* idle_session_timeout is known to be off */
    int64_t read_at_us;
    uint64_t covers;
    const char *search_path; /* the server's; default "$user", public */
    const char *role_path;   /* ALTER ROLE app SET search_path */
};

/* What stands before any change. */
struct shop shop_before(void);
/* A new reference. */
struct dg_snapshot *shop_snapshot(const struct shop *shop);

#endif
