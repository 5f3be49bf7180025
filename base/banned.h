/*
 * Functions that this project does not call, re-declared so that a call does not compile (with -Werror) or at least
 * warns. Each has an unbounded or locale-bound habit; what to use instead stands in the message.
 *
 * Force-included by cmake/warnings.cmake before every source file of ours.
 */
#ifndef DG_BASE_BANNED_H
#define DG_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DG_BANNED(instead) __attribute__((error("banned: use " instead)))

char *strcpy(char *, const char *) DG_BANNED("dg_text or memcpy with a known length");
char *strcat(char *, const char *) DG_BANNED("dg_text_append");
char *strncpy(char *, const char *, size_t) DG_BANNED("dg_text or memcpy with a known length");
char *strncat(char *, const char *, size_t) DG_BANNED("dg_text_append");
int sprintf(char *, const char *, ...) DG_BANNED("snprintf or dg_text_printf");
int atoi(const char *) DG_BANNED("strtol with an end pointer");
long atol(const char *) DG_BANNED("strtol with an end pointer");
char *strtok(char *, const char *) DG_BANNED("strcspn and strspn");
char *gets(char *) DG_BANNED("fgets");

#endif
