#include "certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void add_name(X509 *certificate)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void write_files(const struct dg_test_certificate *made, EVP_PKEY *key, X509 *certificate)
{
    FILE *file = fopen(made->cert, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(made->key, "w");
    assert_non_null(file);
    assert_int_equal(chmod(made->key, 0600), 0);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
}

void dg_test_certificate_make(struct dg_test_certificate *made)
{
    (void)snprintf(made->folder, sizeof made->folder, "/tmp/driftguard-tls.XXXXXX");
    assert_non_null(mkdtemp(made->folder));
    (void)snprintf(made->cert, sizeof made->cert, "%s/cert.pem", made->folder);
    (void)snprintf(made->key, sizeof made->key, "%s/key.pem", made->folder);
    EVP_PKEY *key = EVP_EC_gen("prime256v1");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    add_name(certificate);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    write_files(made, key, certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void dg_test_certificate_remove(struct dg_test_certificate *certificate)
{
    (void)unlink(certificate->cert);
    (void)unlink(certificate->key);
    (void)rmdir(certificate->folder);
}
