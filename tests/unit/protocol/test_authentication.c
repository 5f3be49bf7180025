/*
 * SASL's offer and choice: what is bound to a TLS connection is found, and left out without touching the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "protocol/authentication.h"

#define BODY(literal) ((struct dg_str){(literal), sizeof(literal) - 1})

static void offers_without_bound_mechanisms(void **state)
{
    (void)state;
    const struct {
        struct dg_str offer;
        bool has_plus, has_other;
        struct dg_str unbound;
    } cases[] = {
        {BODY("\0\0\0\12SCRAM-SHA-256\0\0"), false, true, BODY("R\0\0\0\27\0\0\0\12SCRAM-SHA-256\0\0")},
        /* PostgreSQL's order */
        {BODY("\0\0\0\12SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"), true, true,
         BODY("R\0\0\0\27\0\0\0\12SCRAM-SHA-256\0\0")},
        {BODY("\0\0\0\12SCRAM-SHA-256\0SCRAM-SHA-256-PLUS\0\0"), true, true,
         BODY("R\0\0\0\27\0\0\0\12SCRAM-SHA-256\0\0")},
        {BODY("\0\0\0\12X-PLUS\0A\0Y-PLUS\0OAUTHBEARER\0\0"), true, true,
         BODY("R\0\0\0\27\0\0\0\12A\0OAUTHBEARER\0\0")},
        {BODY("\0\0\0\12SCRAM-SHA-256-PLUS\0\0"), true, false, BODY("R\0\0\0\11\0\0\0\12\0")},
        {BODY("\0\0\0\12-PLUS\0PLUS\0\0"), true, true, BODY("R\0\0\0\16\0\0\0\12PLUS\0\0")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool has_plus, has_other;
        assert_true(dg_sasl_offer_read(cases[i].offer, &has_plus, &has_other));
        assert_int_equal(has_plus, cases[i].has_plus);
        assert_int_equal(has_other, cases[i].has_other);
        struct dg_buffer out;
        dg_buffer_init(&out, 1000);
        assert_int_equal(dg_sasl_offer_write_unbound(cases[i].offer, &out), DG_OK);
        assert_true(dg_str_equal(dg_buffer_view(&out), cases[i].unbound));
        dg_buffer_fini(&out);
    }
}

static void what_is_no_offer(void **state)
{
    (void)state;
    const struct dg_str bodies[] = {
        BODY(""),
        BODY("\0\0\0"),
        BODY("\0\0\0\0"),                        /* AuthenticationOk */
        BODY("\0\0\0\13SCRAM-SHA-256-PLUS\0\0"), /* AuthenticationSASLContinue */
        BODY("\0\0\0\12"),
        BODY("\0\0\0\12SCRAM-SHA-256-PLUS"),
        BODY("\0\0\0\12SCRAM-SHA-256-PLUS\0"),
        BODY("\0\0\0\12SCRAM-SHA-256-PLUS\0\0x"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        bool has_plus, has_other;
        assert_false(dg_sasl_offer_read(bodies[i], &has_plus, &has_other));
    }
}

static void a_choice_names_its_mechanism_first(void **state)
{
    (void)state;
    struct dg_str mechanism;
    assert_int_equal(dg_sasl_choice_read(BODY("SCRAM-SHA-256-PLUS\0\0\0\0\4p=tl"), &mechanism), DG_OK);
    assert_true(dg_sasl_is_plus(mechanism));
    assert_int_equal(dg_sasl_choice_read(BODY("SCRAM-SHA-256\0"), &mechanism), DG_OK);
    assert_false(dg_sasl_is_plus(mechanism));
    assert_int_equal(dg_sasl_choice_read(BODY("SCRAM-SHA-256"), &mechanism), DG_AGAIN);
    assert_int_equal(dg_sasl_choice_read(BODY(""), &mechanism), DG_AGAIN);
    assert_false(dg_sasl_is_plus(DG_STR("PLUS")));
    assert_false(dg_sasl_is_plus(DG_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_without_bound_mechanisms),
        cmocka_unit_test(what_is_no_offer),
        cmocka_unit_test(a_choice_names_its_mechanism_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
