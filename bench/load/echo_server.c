/*
 * A server that is no database: it starts up whoever comes, without a password, and answers "select 7,12" as PostgreSQL
 * does. One process holds as many sessions as it has descriptors, at a few hundred bytes each, so that thousands of
 * sessions through a proxy show what the proxy costs.
 *
 *     echo_server PORT        listens on 127.0.0.1 and says "listening" when it does
 *
 * Other commands (SET, DISCARD ALL) are "done", any other SELECT and the extended protocol are refused: catalog reads
 * of the guard fail here, which it must take calmly. A peer that does not read its answers is thrown out rather than
 * waited for; the clients of a load always read.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/reply.h"

#define N_EVENTS 256
#define BACKLOG 4096
#define MAX_MESSAGE_BYTES (64u << 10)
#define SSL_REQUEST 80877103u
#define GSSENC_REQUEST 80877104u
#define CANCEL_REQUEST 80877102u

/* A message that has not come whole waits in pending; nearly always it is NULL. */
struct peer {
    int fd;
    bool is_started;
    unsigned char *pending;
    size_t n_pending;
};

static uint32_t read_int32(const unsigned char *bytes)
{
    uint32_t raw;
    memcpy(&raw, bytes, sizeof raw);
    return ntohl(raw);
}

static bool send_all(struct peer *peer, const void *bytes, size_t n_bytes)
{
    return send(peer->fd, bytes, n_bytes, MSG_NOSIGNAL) == (ssize_t)n_bytes;
}

/* Appends a message to answer[*n]; the callers know that there is room. */
static void add_message(unsigned char *answer, size_t *n, char type, const void *body, size_t n_bytes)
{
    uint32_t length = htonl((uint32_t)(n_bytes + 4));
    answer[*n] = (unsigned char)type;
    memcpy(answer + *n + 1, &length, sizeof length);
    memcpy(answer + *n + 5, body, n_bytes);
    *n += 5 + n_bytes;
}

/* A message whose body is a literal, its last NUL included or not. */
#define ADD(answer, n, type, literal, spare) add_message(answer, n, type, literal, sizeof(literal) - (spare))

static bool greet(struct peer *peer)
{
    unsigned char answer[256];
    size_t n = 0;
    peer->is_started = true;
    ADD(answer, &n, 'R', "\0\0\0", 0);
    ADD(answer, &n, 'S', "server_version\00015.0", 0);
    ADD(answer, &n, 'S', "server_encoding\0UTF8", 0);
    ADD(answer, &n, 'S', "client_encoding\0UTF8", 0);
    ADD(answer, &n, 'S', "standard_conforming_strings\0on", 0);
    ADD(answer, &n, 'K', "\0\0\0\1\0\0\0\2", 1);
    ADD(answer, &n, 'Z', "I", 1);
    return send_all(peer, answer, n);
}

/* The first packet of a session, or what comes in its place. */
static bool start(struct peer *peer, const unsigned char *packet)
{
    uint32_t code = read_int32(packet + 4);
    if (code == SSL_REQUEST || code == GSSENC_REQUEST)
        return send_all(peer, "N", 1);
    return code != CANCEL_REQUEST && greet(peer);
}

static bool refuse(struct peer *peer)
{
    unsigned char answer[64];
    size_t n = 0;
    ADD(answer, &n, 'E', "SERROR\0VERROR\0C0A000\0Mno database\0", 0);
    ADD(answer, &n, 'Z', "I", 1);
    return send_all(peer, answer, n);
}

/* CommandComplete with the command's first word, as "SET". */
static bool do_nothing(struct peer *peer, const char *sql)
{
    unsigned char answer[64];
    char word[21] = "";
    size_t n = 0;
    for (size_t i = 0; i < sizeof word - 1 && isalpha((unsigned char)sql[i]); i++)
        word[i] = (char)toupper((unsigned char)sql[i]);
    add_message(answer, &n, 'C', word, strlen(word) + 1);
    ADD(answer, &n, 'Z', "I", 1);
    return send_all(peer, answer, n);
}

static bool answer_query(struct peer *peer, const char *sql)
{
    unsigned char reply[REPLY_MAX_BYTES];
    long numbers[REPLY_MAX_COLUMNS];
    size_t n_numbers = 0;
    if (strncasecmp(sql, "select ", 7) != 0)
        return do_nothing(peer, sql);
    char *at = (char *)(uintptr_t)(sql + 6);
    do {
        const char *from = at + 1;
        numbers[n_numbers] = strtol(from, &at, 10);
        if (at == from)
            return refuse(peer);
        n_numbers++;
    } while (*at == ',' && n_numbers < REPLY_MAX_COLUMNS);
    if (*at != '\0')
        return refuse(peer);
    return send_all(peer, reply, reply_to_select(reply, numbers, n_numbers));
}

static bool handle(struct peer *peer, const unsigned char *message, size_t n_bytes)
{
    if (!peer->is_started)
        return start(peer, message);
    switch (message[0]) {
    case 'Q':
        return message[n_bytes - 1] == '\0' && answer_query(peer, (const char *)message + 5);
    case 'S':
        return refuse(peer);
    case 'X':
        return false;
    default:
        return true;
    }
}

/* The length of the message that begins here, 0 if its head is not there yet, SIZE_MAX if it cannot be one. */
static size_t message_length(const struct peer *peer, const unsigned char *bytes, size_t n_bytes)
{
    size_t head = peer->is_started ? 1 : 0;
    if (n_bytes < head + 4)
        return 0;
    size_t least = peer->is_started ? 5 : 8;
    size_t length = read_int32(bytes + head) + head;
    return length < least || length > MAX_MESSAGE_BYTES ? SIZE_MAX : length;
}

/* Answers each whole message; gives how many bytes they were, SIZE_MAX to close. */
static size_t handle_all(struct peer *peer, const unsigned char *bytes, size_t n_bytes)
{
    size_t done = 0;
    for (;;) {
        size_t length = message_length(peer, bytes + done, n_bytes - done);
        if (length == SIZE_MAX)
            return SIZE_MAX;
        if (length == 0 || length > n_bytes - done)
            return done;
        if (!handle(peer, bytes + done, length))
            return SIZE_MAX;
        done += length;
    }
}

static bool keep_rest(struct peer *peer, const unsigned char *bytes, size_t n_bytes)
{
    free(peer->pending);
    peer->pending = n_bytes ? malloc(n_bytes) : NULL;
    peer->n_pending = n_bytes;
    if (n_bytes && peer->pending == NULL)
        return false;
    if (n_bytes)
        memcpy(peer->pending, bytes, n_bytes);
    return true;
}

/* False when the peer is done with. */
static bool on_readable(struct peer *peer)
{
    static unsigned char bytes[2 * MAX_MESSAGE_BYTES];
    if (peer->n_pending)
        memcpy(bytes, peer->pending, peer->n_pending);
    ssize_t n = recv(peer->fd, bytes + peer->n_pending, MAX_MESSAGE_BYTES, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    size_t n_bytes = peer->n_pending + (size_t)n;
    size_t done = handle_all(peer, bytes, n_bytes);
    return done != SIZE_MAX && keep_rest(peer, bytes + done, n_bytes - done);
}

static void part(struct peer *peer)
{
    close(peer->fd);
    free(peer->pending);
    free(peer);
}

static void accept_all(int epoll, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = calloc(1, sizeof *peer);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        if (peer == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
            close(fd);
            free(peer);
            continue;
        }
        peer->fd = fd;
    }
    if (errno == EMFILE)
        fprintf(stderr, "echo_server: no descriptor left\n");
}

static int listen_on(long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) {
        perror("echo_server");
        exit(1);
    }
    return fd;
}

static void allow_all_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: echo_server PORT\n");
        return 64;
    }
    allow_all_descriptors();
    int listener = listen_on(strtol(argv[1], NULL, 10));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        return 1;
    puts("listening");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[N_EVENTS];
        int n = epoll_wait(epoll, events, N_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer == NULL)
                accept_all(epoll, listener);
            else if (!on_readable(peer))
                part(peer);
        }
    }
}
