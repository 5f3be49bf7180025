/*
 * A server's binary values are read within their bounds, whatever their headers claim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include <libpq-fe.h>

#include "schema/row.h"

/* A row of one column with these bytes; NULL bytes are an SQL NULL. */
static struct dg_row row_of(const void *bytes, size_t len)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_SINGLE_TUPLE);
    char name[] = "c";
    PGresAttDesc column = {.name = name, .format = 1};
    assert_int_equal(PQsetResultAttrs(result, 1, &column), 1);
    /* A copy of its exact size, so that the sanitizer sees a read beyond it; libpq takes it without const. */
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    if (bytes != NULL)
        memcpy(copy, bytes, len);
    assert_int_equal(PQsetvalue(result, 0, 0, copy, bytes == NULL ? -1 : (int)len), 1);
    free(copy);
    return (struct dg_row){result, 0};
}

static void row_free(struct dg_row *row)
{
    PQclear((PGresult *)(uintptr_t)row->result);
}

static void numbers_of_another_length_are_zero(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t len;
        dg_oid oid;
        int64_t int8;
        bool boolean;
    } cases[] = {{"\0\0\1\2", 4, 258, 0, false},
                 {"\xff\xff\xff\xff", 4, UINT32_MAX, 0, false},
                 {"\0\0\0\0\0\0\1\0", 8, 0, 256, false},
                 {"\xff\xff\xff\xff\xff\xff\xff\xfe", 8, 0, -2, false},
                 {"\1", 1, 0, 0, true},
                 {"", 0, 0, 0, false},
                 {NULL, 0, 0, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dg_row row = row_of(cases[i].bytes, cases[i].len);
        assert_int_equal(dg_row_oid(&row, 0), cases[i].oid);
        assert_true(dg_row_int8(&row, 0) == cases[i].int8);
        assert_int_equal(dg_row_bool(&row, 0), cases[i].boolean);
        row_free(&row);
    }
}

/* One dimension, no nulls, element type 26, n elements, lower bound 1. */
#define HEADER(n)                                                                                                      \
    "\0\0\0\1"                                                                                                         \
    "\0\0\0\0"                                                                                                         \
    "\0\0\0\32"                                                                                                        \
    "\0\0\0" n "\0\0\0\1"

static void arrays_end_where_their_bytes_end(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t len;
        size_t n;
        dg_oid oids[3];
    } cases[] = {
        {HEADER("\2") "\0\0\0\4\0\0\0\5\0\0\0\4\0\0\0\6", 36, 2, {5, 6, 0}},
        {"\0\0\0\0\0\0\0\0\0\0\0\32", 12, 0, {0}},
        {HEADER("\1") "\xff\xff\xff\xff", 24, 1, {0}},
        /* More elements than bytes could hold. */
        {HEADER("\3") "\0\0\0\4\0\0\0\5", 28, 0, {0}},
        /* A length beyond the end. */
        {HEADER("\1") "\0\0\0\5\0\0\0\5", 28, 1, {0}},
        {HEADER("\2") "\x7f\xff\xff\xff\0\0\0\5", 28, 2, {0}},
        {HEADER("\2") "\0\0\0\4\0\0\0\5", 28, 2, {5, 0, 0}},
        /* Two dimensions. */
        {"\0\0\0\2"
         "\0\0\0\0"
         "\0\0\0\32"
         "\0\0\0\1"
         "\0\0\0\1"
         "\0\0\0\1"
         "\0\0\0\1",
         28,
         0,
         {0}},
        {HEADER("\1"), 19, 0, {0}},
        {NULL, 0, 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dg_row row = row_of(cases[i].bytes, cases[i].len);
        struct dg_array array = dg_row_array(&row, 0);
        assert_int_equal(array.n, cases[i].n);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(dg_array_oid(&array), cases[i].oids[k]);
        row_free(&row);
    }
}

static void texts_of_arrays_are_copies(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 4096);
    struct dg_row row = row_of(HEADER("\2") "\0\0\0\3abc\xff\xff\xff\xff", 31);
    struct dg_array array = dg_row_array(&row, 0);
    const char *first = dg_array_text(&array, &arena);
    const char *second = dg_array_text(&array, &arena);
    row_free(&row);
    assert_string_equal(first, "abc");
    assert_string_equal(second, "");
    dg_arena_fini(&arena);
}

static void what_is_written_as_a_parameter_reads_back(void **state)
{
    (void)state;
    struct dg_text bytes;
    dg_text_init(&bytes, 4096);
    const dg_oid oids[] = {1, UINT32_MAX, 70000};
    dg_write_oid_array(&bytes, oids, 3);
    struct dg_row row = row_of(dg_text_get(&bytes), bytes.len);
    struct dg_array array = dg_row_array(&row, 0);
    assert_int_equal(array.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dg_array_oid(&array), oids[i]);
    row_free(&row);
    dg_text_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_another_length_are_zero),
        cmocka_unit_test(arrays_end_where_their_bytes_end),
        cmocka_unit_test(texts_of_arrays_are_copies),
        cmocka_unit_test(what_is_written_as_a_parameter_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
