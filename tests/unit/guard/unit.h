/* cmocka and what it wants in front of it. */
#ifndef DG_TESTS_GUARD_UNIT_H
#define DG_TESTS_GUARD_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first. */
#include <cmocka.h>

#endif
