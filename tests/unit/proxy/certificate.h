/*
 * A throw-away key and certificate in files, for tests of TLS.
 */
#ifndef DG_TESTS_UNIT_PROXY_CERTIFICATE_H
#define DG_TESTS_UNIT_PROXY_CERTIFICATE_H

struct dg_test_certificate {
    char folder[64];
    char cert[96];
    char key[96];
};

/* Self-signed, for "localhost"; the key is 0600. */
void dg_test_certificate_make(struct dg_test_certificate *certificate);
void dg_test_certificate_remove(struct dg_test_certificate *certificate);

#endif
