/* Does not compile: DG_CALL is a call of a function that base/banned.h bans. The test looks for the message. */
int banned_call(char *text, const char *other);

int banned_call(char *text, const char *other)
{
    (void)other;
    return (DG_CALL) ? text[0] : 0;
}
