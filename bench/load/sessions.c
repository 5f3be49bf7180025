/*
 * Many sessions in one process, each of which asks "select SESSION,SEQUENCE" and compares every byte of the reply with
 * what PostgreSQL has to send. Told on standard input what to do, it answers each line with one of JSON.
 *
 *     sessions HOST_ADDRESS PORT DATABASE
 *
 *     open N [FIRST]     N sessions, once, numbered from FIRST (1); at most 64 are on their way at once
 *     ask K              each session asks K times, one question after the other
 *     run SECONDS [MS]   each session asks again as soon as it has its answer, and MS milliseconds (0) after it last
 *                        asked, for so long
 *     close              Terminate on each
 *
 * Counted: asked, right (all bytes as expected), wrong (others), lost (connections that ended, or said nothing for
 * 60 s, with or without a question open), refused (that did not come up). After any command but `close`,
 * asked = right + wrong + lost questions, or there is a bug here. A session that failed is closed and stays so.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/reply.h"

#define N_EVENTS 256
#define N_ON_THEIR_WAY 64
#define SILENCE_NS 60000000000LL
#define MAX_COMPLAINTS 20
#define LATENCY_STEPS 8u
#define N_LATENCIES (40u * LATENCY_STEPS)
#define PROTOCOL_3_0 196608u

enum state { CLOSED, CONNECTING, STARTING, IDLE, ASKED };

/* Cuts a stream into messages, whose bodies it does not keep. */
struct cutter {
    unsigned char head[5];
    unsigned n_head;
    uint32_t body_left;
};

struct session {
    int fd;
    enum state state;
    long number;
    long sequence;
    long n_to_ask;
    int64_t since_ns;
    struct cutter cutter;
    unsigned char expected[REPLY_MAX_BYTES];
    size_t n_expected, n_matched;
};

struct counts {
    long asked, right, wrong, lost, lost_questions, refused;
    int64_t slowest_ns;
    long latencies[N_LATENCIES];
};

struct load {
    struct sockaddr_in address;
    const char *database;
    int epoll;
    struct session *sessions;
    size_t n_sessions;
    size_t n_unsettled; /* neither idle nor closed */
    int64_t looks_again_ns;
    int64_t asks_until_ns; /* while `run` goes on; 0 otherwise */
    int64_t pause_ns;
    struct counts counts;
    int n_complaints;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void complain(struct load *load, const struct session *session, const char *what)
{
    if (load->n_complaints++ < MAX_COMPLAINTS)
        fprintf(stderr, "sessions: session %ld, sequence %ld: %s\n", session->number, session->sequence, what);
}

/* Steps of an eighth of a power of two, in microseconds. */
static size_t latency_index(int64_t ns)
{
    uint64_t us = (uint64_t)ns / 1000u;
    if (us < LATENCY_STEPS)
        return (size_t)us;
    unsigned power = 63u - (unsigned)__builtin_clzll(us);
    size_t index = (power - 2u) * LATENCY_STEPS + ((us >> (power - 3u)) & (LATENCY_STEPS - 1u));
    return index < N_LATENCIES ? index : N_LATENCIES - 1;
}

/* The least number of microseconds that falls into a step. */
static uint64_t latency_of(size_t index)
{
    if (index < LATENCY_STEPS)
        return index;
    size_t power = index / LATENCY_STEPS + 2;
    return (LATENCY_STEPS + index % LATENCY_STEPS) << (power - 3);
}

static uint64_t percentile_us(const struct counts *counts, double share)
{
    long left = (long)(share * (double)(counts->right));
    for (size_t i = 0; i < N_LATENCIES; i++) {
        left -= counts->latencies[i];
        if (left < 0)
            return latency_of(i + 1);
    }
    return 0;
}

static void settle(struct load *load, struct session *session, enum state state)
{
    if (session->state != IDLE && session->state != CLOSED)
        load->n_unsettled--;
    session->state = state;
    if (state != IDLE && state != CLOSED)
        load->n_unsettled++;
}

/* Closes the session; the counter says as what. */
static void fail(struct load *load, struct session *session, long *counter, const char *what)
{
    complain(load, session, what);
    ++*counter;
    settle(load, session, CLOSED);
    close(session->fd);
}

/* The connection is of no use any more. */
static void lose(struct load *load, struct session *session, const char *what)
{
    bool was_up = session->state == IDLE || session->state == ASKED;
    load->counts.lost_questions += session->state == ASKED;
    fail(load, session, was_up ? &load->counts.lost : &load->counts.refused, what);
}

static void ask(struct load *load, struct session *session)
{
    unsigned char message[64];
    session->sequence++;
    long numbers[] = {session->number, session->sequence};
    int n = snprintf((char *)message + 5, sizeof message - 5, "select %ld,%ld", numbers[0], numbers[1]);
    uint32_t length = htonl((uint32_t)n + 5);
    message[0] = 'Q';
    memcpy(message + 1, &length, sizeof length);
    session->n_expected = reply_to_select(session->expected, numbers, 2);
    session->n_matched = 0;
    session->since_ns = now_ns();
    settle(load, session, ASKED);
    load->counts.asked++;
    if (send(session->fd, message, (size_t)n + 6, MSG_NOSIGNAL) != n + 6)
        lose(load, session, "could not be sent");
}

static void ask_if_due(struct load *load, struct session *session, int64_t now)
{
    if (session->state != IDLE)
        return;
    bool is_due = now < load->asks_until_ns && now - session->since_ns >= load->pause_ns;
    if (session->n_to_ask == 0 && !is_due)
        return;
    session->n_to_ask -= session->n_to_ask > 0;
    ask(load, session);
}

/* Bytes that are, or should be, those of the reply. */
static void compare(struct load *load, struct session *session, const unsigned char *bytes, size_t n_bytes)
{
    size_t n = session->n_expected - session->n_matched;
    if (n_bytes > n || memcmp(session->expected + session->n_matched, bytes, n_bytes) != 0) {
        fail(load, session, &load->counts.wrong, "a wrong reply");
        return;
    }
    session->n_matched += n_bytes;
    if (session->n_matched < session->n_expected)
        return;
    int64_t took_ns = now_ns() - session->since_ns;
    load->counts.right++;
    load->counts.latencies[latency_index(took_ns)]++;
    if (took_ns > load->counts.slowest_ns)
        load->counts.slowest_ns = took_ns;
    settle(load, session, IDLE);
}

/* Reads the greeting up to ReadyForQuery; false if there is an error in it. */
static bool read_greeting(struct load *load, struct session *session, const unsigned char *bytes, size_t n_bytes)
{
    struct cutter *cutter = &session->cutter;
    for (size_t i = 0; i < n_bytes;) {
        if (cutter->n_head < sizeof cutter->head) {
            cutter->head[cutter->n_head++] = bytes[i++];
            uint32_t length = 4;
            if (cutter->n_head == sizeof cutter->head)
                memcpy(&length, cutter->head + 1, sizeof length);
            cutter->body_left = cutter->n_head == sizeof cutter->head ? ntohl(length) - 4 : 1;
        } else {
            uint32_t n = n_bytes - i < cutter->body_left ? (uint32_t)(n_bytes - i) : cutter->body_left;
            cutter->body_left -= n;
            i += n;
        }
        if (cutter->body_left)
            continue;
        if (cutter->head[0] == 'E')
            return false;
        if (cutter->head[0] == 'Z')
            settle(load, session, IDLE);
        cutter->n_head = 0;
    }
    return true;
}

static void on_readable(struct load *load, struct session *session)
{
    unsigned char bytes[4096];
    ssize_t n = recv(session->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        lose(load, session, n == 0 ? "closed by the other side" : strerror(errno));
    else if (session->state == ASKED)
        compare(load, session, bytes, (size_t)n);
    else if (session->state == IDLE)
        lose(load, session, "spoken to without a question");
    else if (!read_greeting(load, session, bytes, (size_t)n))
        lose(load, session, "refused at its start");
}

static void say_hello(struct load *load, struct session *session)
{
    char packet[256];
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        lose(load, session, strerror(error));
        return;
    }
    int n = snprintf(packet + 8, sizeof packet - 9, "user%cpostgres%cdatabase%c%s%c", 0, 0, 0, load->database, 0);
    uint32_t head[] = {htonl((uint32_t)n + 9), htonl(PROTOCOL_3_0)};
    memcpy(packet, head, sizeof head);
    packet[8 + n] = '\0';
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
    settle(load, session, STARTING);
    if (epoll_ctl(load->epoll, EPOLL_CTL_MOD, session->fd, &event) != 0 ||
        send(session->fd, packet, (size_t)n + 9, MSG_NOSIGNAL) != n + 9)
        lose(load, session, "could not say hello");
}

static void open_session(struct load *load, struct session *session, long number)
{
    int on = 1;
    *session = (struct session){.number = number, .since_ns = now_ns()};
    session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = session};
    settle(load, session, CONNECTING);
    if (session->fd < 0 || setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (connect(session->fd, (struct sockaddr *)&load->address, sizeof load->address) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, session->fd, &event) != 0)
        lose(load, session, strerror(errno));
}

static void lose_the_silent(struct load *load)
{
    int64_t now = now_ns();
    for (size_t i = 0; i < load->n_sessions; i++) {
        struct session *session = &load->sessions[i];
        if (session->state != IDLE && session->state != CLOSED && now - session->since_ns > SILENCE_NS)
            lose(load, session, "no answer for 60 s");
    }
    load->looks_again_ns = now + SILENCE_NS / 60;
}

/* Handles what has happened, or waits a little for it. */
static void turn(struct load *load)
{
    struct epoll_event events[N_EVENTS];
    int n = epoll_wait(load->epoll, events, N_EVENTS, 5);
    for (int i = 0; i < n; i++) {
        struct session *session = events[i].data.ptr;
        if (session->state == CONNECTING)
            say_hello(load, session);
        else if (session->state != CLOSED)
            on_readable(load, session);
        ask_if_due(load, session, now_ns());
    }
    int64_t now = now_ns();
    for (size_t i = 0; now < load->asks_until_ns && load->pause_ns && i < load->n_sessions; i++)
        ask_if_due(load, &load->sessions[i], now);
    if (now >= load->looks_again_ns)
        lose_the_silent(load);
}

static void open_all(struct load *load, long n, long first)
{
    if (n < 0 || load->n_sessions > 0) /* events point into the array: it may not move */
        return;
    load->sessions = calloc((size_t)n, sizeof *load->sessions);
    if (load->sessions == NULL)
        abort();
    while (load->n_sessions < (size_t)n) {
        while (load->n_unsettled < N_ON_THEIR_WAY && load->n_sessions < (size_t)n) {
            open_session(load, &load->sessions[load->n_sessions], first + (long)load->n_sessions);
            load->n_sessions++;
        }
        turn(load);
    }
    while (load->n_unsettled)
        turn(load);
}

/* Where there is a pause, the sessions begin spread over it. */
static void ask_all(struct load *load, long n_times, long seconds, long pause_ms)
{
    int64_t now = now_ns();
    load->asks_until_ns = seconds ? now + seconds * 1000000000LL : 0;
    load->pause_ns = pause_ms * 1000000LL;
    for (size_t i = 0; i < load->n_sessions; i++) {
        load->sessions[i].n_to_ask = n_times;
        if (load->sessions[i].state == IDLE)
            load->sessions[i].since_ns = now - load->pause_ns * (int64_t)i / (int64_t)load->n_sessions;
        ask_if_due(load, &load->sessions[i], now);
    }
    while (load->n_unsettled || now_ns() < load->asks_until_ns)
        turn(load);
    load->asks_until_ns = 0;
}

static void close_all(struct load *load)
{
    static const unsigned char terminate[] = {'X', 0, 0, 0, 4};
    for (size_t i = 0; i < load->n_sessions; i++) {
        if (load->sessions[i].state == CLOSED)
            continue;
        (void)!send(load->sessions[i].fd, terminate, sizeof terminate, MSG_NOSIGNAL);
        close(load->sessions[i].fd);
    }
    free(load->sessions);
    load->sessions = NULL;
    load->n_sessions = 0;
}

static void report(struct load *load, const char *command, int64_t began_ns)
{
    const struct counts *counts = &load->counts;
    size_t n_open = 0;
    for (size_t i = 0; i < load->n_sessions; i++)
        n_open += load->sessions[i].state != CLOSED;
    printf("{\"command\": \"%s\", \"seconds\": %.3f, \"open\": %zu, \"asked\": %ld, \"right\": %ld, \"wrong\": %ld, "
           "\"lost\": %ld, \"lost_questions\": %ld, \"refused\": %ld, \"p50_us\": %lu, \"p99_us\": %lu, "
           "\"slowest_us\": %lld}\n",
           command, (double)(now_ns() - began_ns) / 1e9, n_open, counts->asked, counts->right, counts->wrong,
           counts->lost, counts->lost_questions, counts->refused, percentile_us(counts, 0.5),
           percentile_us(counts, 0.99), (long long)counts->slowest_ns / 1000);
    fflush(stdout);
    load->counts = (struct counts){0};
}

static void obey(struct load *load, const char *line)
{
    char command[16] = "";
    long n = 0, more = 0;
    int64_t began_ns = now_ns();
    int n_words = sscanf(line, "%15s %ld %ld", command, &n, &more);
    if (strcmp(command, "open") == 0 && n_words >= 2)
        open_all(load, n, n_words == 3 ? more : 1);
    else if (strcmp(command, "ask") == 0)
        ask_all(load, n, 0, 0);
    else if (strcmp(command, "run") == 0)
        ask_all(load, 0, n, more);
    else if (strcmp(command, "close") == 0)
        close_all(load);
    report(load, command, began_ns);
}

int main(int argc, char **argv)
{
    struct load load = {.address = {.sin_family = AF_INET}, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    struct rlimit limit;
    char line[128];
    if (argc != 4 || inet_pton(AF_INET, argv[1], &load.address.sin_addr) != 1) {
        fprintf(stderr, "usage: sessions HOST_ADDRESS PORT DATABASE\n");
        return 64;
    }
    load.address.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
    load.database = argv[3];
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(&load, line);
    close_all(&load);
    return 0;
}
