/* What every cmocka program of this folder includes first. */
#ifndef DG_TESTS_UNIT_SQL_UNIT_H
#define DG_TESTS_UNIT_SQL_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
