/*
 * Functions that this project does not call, declared here first so that a call does not compile. Each has an unbounded
 * or locale-bound habit; what to use instead stands in the message.
 *
 * Why `deprecated` and not `error`: with FORTIFY_SOURCE glibc's strcpy and friends are always-inline, and compilers
 * fold a copy of a literal into memcpy; in both cases no call is left for `error` to complain about. `deprecated`
 * speaks where the name is used. Why before the C library's headers: where those define the function inline, clang
 * takes no attribute afterwards. cmake/warnings.cmake force-includes this file and makes the warning an error in every
 * build.
 */
#ifndef DG_BASE_BANNED_H
#define DG_BASE_BANNED_H

#define DG_BANNED(instead) __attribute__((deprecated("banned: use " instead)))

char *strcpy(char *, const char *) DG_BANNED("dg_text or memcpy with a known length");
char *strcat(char *, const char *) DG_BANNED("dg_text_append");
char *strncpy(char *, const char *, __SIZE_TYPE__) DG_BANNED("dg_text or memcpy with a known length");
char *strncat(char *, const char *, __SIZE_TYPE__) DG_BANNED("dg_text_append");
int sprintf(char *, const char *, ...) DG_BANNED("snprintf or dg_text_printf");
int atoi(const char *) DG_BANNED("strtol with an end pointer");
long atol(const char *) DG_BANNED("strtol with an end pointer");
char *strtok(char *, const char *) DG_BANNED("strcspn and strspn");
char *gets(char *) DG_BANNED("fgets");

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fortified, some compilers see a macro in place of the function. */
#undef sprintf

#endif
