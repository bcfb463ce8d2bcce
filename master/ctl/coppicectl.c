/* SPDX-License-Identifier: MIT */
/*
 * coppicectl.c - asks a running server on its control socket.
 *
 * It knows no command: the words go to the server as they are, and the server's text or data is
 * printed. Exit codes: 0 ok, 1 refused or failed, 2 wrong usage, 3 cannot connect, 4 timed out.
 */
#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/jsondoc.h"
#include "common/version.h"

#define EXIT_REFUSED   1
#define EXIT_USAGE     2
#define EXIT_NO_SERVER 3
#define EXIT_TIMED_OUT 4

/* More than a worker may take to start, which a reload waits for. */
#define DEFAULT_TIMEOUT_S 90
#define TIMEOUT_MAX_S     86400
#define PATH_TEXT_MAX     512
#define ANSWER_MAX        (16 * 1024 * 1024)
#define OWN_SOCKETS_MAX   256

struct options {
    const char *socket; /* NULL: of the configuration, or the default */
    const char *config;
    bool is_json;
    int64_t deadline_ns;
    char **words;
    size_t nwords;
};

struct answer {
    char *text;
    size_t len;
    size_t size;
};

static const char usage[] =
    "usage: coppicectl [--socket PATH | --config FILE] [--json] [--timeout SECONDS] COMMAND "
    "[ARGUMENT ...]\n"
    "\n"
    "  --socket PATH       the server's control socket (default: where a server without another\n"
    "                      configuration opens it, else that of the one `coppice run APP` here)\n"
    "  --config FILE       take the socket's path from this configuration\n"
    "  --json              print the answer's data as JSON\n"
    "  --timeout SECONDS   give up after so long (90)\n"
    "\n"
    "`coppicectl help` asks the server which commands it has, and `coppicectl COMMAND --help` "
    "what\n"
    "one does; `coppice help commands` lists all without a server.\n"
    "Exit codes: 0 ok, 1 refused or failed, 2 wrong usage, 3 cannot connect, 4 timed out.\n";

static _Noreturn void fail_usage(const char *what, const char *word)
{
    fprintf(stderr, "coppicectl: %s%s%s\n\n%s", what, word[0] != 0 ? ": " : "", word, usage);
    exit(EXIT_USAGE);
}

/* ---- the command line ---- */

static int64_t parse_timeout(const char *text)
{
    char *end;
    double seconds;

    errno = 0;
    seconds = strtod(text, &end);
    if (end != text && strcmp(end, "s") == 0)
        end++;
    if (errno != 0 || end == text || *end != 0 || !(seconds > 0 && seconds <= TIMEOUT_MAX_S))
        fail_usage("--timeout: expected seconds, above 0", text);
    return (int64_t)(seconds * (double)NS_PER_S);
}

/* "COMMAND ... --help" means "help COMMAND". */
static void ask_for_help(struct options *options)
{
    static char help[] = "help";
    char **words = options->words;

    for (size_t i = 1; i < options->nwords; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            options->nwords = strcmp(words[0], help) == 0 ? 1 : 2;
            words[1] = words[0];
            words[0] = help;
            return;
        }
}

/* Those that need no server. */
static void answer_here(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        fputs(usage, stdout);
    else if (strcmp(name, "--version") == 0)
        printf("coppicectl %s\n", COPPICE_VERSION);
    else
        return;
    exit(0);
}

/* An option of ours at argv[*i]; moves *i over its value. Returns false when it is none. */
static bool take_option(int argc, char **argv, int *i, struct options *options)
{
    const char *name = argv[*i];
    bool is_socket = strcmp(name, "--socket") == 0, is_config = strcmp(name, "--config") == 0;

    if (strcmp(name, "--json") == 0) {
        options->is_json = true;
        return true;
    }
    if (!is_socket && !is_config && strcmp(name, "--timeout") != 0)
        return false;
    if (++*i >= argc)
        fail_usage("no value after", name);
    if (is_socket)
        options->socket = argv[*i];
    else if (is_config)
        options->config = argv[*i];
    else
        options->deadline_ns = clock_now() + parse_timeout(argv[*i]);
    return true;
}

/* Ours may stand before the command and after it: no command has one of these names. */
static void parse_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){.words = argv + 1,
                                .deadline_ns = clock_now() + DEFAULT_TIMEOUT_S * NS_PER_S};
    for (int i = 1; i < argc; i++) {
        if (take_option(argc, argv, &i, options))
            continue;
        if (options->nwords == 0)
            answer_here(argv[i]);
        if (options->nwords == 0 && argv[i][0] == '-')
            fail_usage("unknown option", argv[i]);
        options->words[options->nwords++] = argv[i];
    }
    ask_for_help(options);
}

/* Returns a descriptor, or -errno. */
static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, rc;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    rc = -errno;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- the socket ---- */

static bool is_alive(const char *path)
{
    int fd = try_connect(path);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static _Noreturn void fail_choice(const glob_t *found, const bool *alive)
{
    fprintf(stderr, "coppicectl: several servers run here, expected --socket with one of:\n");
    for (size_t i = 0; i < found->gl_pathc && i < OWN_SOCKETS_MAX; i++)
        if (alive[i])
            fprintf(stderr, "    %s\n", found->gl_pathv[i]);
    exit(EXIT_USAGE);
}

/* The one living server whose socket is its own (`coppice run APP`), into path[0 .. size), which
 * stays as it is when there is none. */
static void find_own(char *path, size_t size)
{
    char pattern[PATH_TEXT_MAX];
    glob_t found;
    bool alive[OWN_SOCKETS_MAX] = {false};
    const char *only = NULL;
    size_t n = 0;

    if (config_control_pattern(pattern, sizeof(pattern)) < 0 || glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && i < OWN_SOCKETS_MAX; i++) {
        alive[i] = is_alive(found.gl_pathv[i]);
        n += alive[i];
        only = alive[i] ? found.gl_pathv[i] : only;
    }
    if (n > 1)
        fail_choice(&found, alive);
    if (only)
        snprintf(path, size, "%s", only);
    globfree(&found);
}

/* Where the server listens, into path[0 .. size). */
static void find_socket(const struct options *options, char *path, size_t size)
{
    struct config *config = NULL;
    const char *setting = "auto";
    char error[1024];
    int rc;

    if (options->socket != NULL) {
        snprintf(path, size, "%s", options->socket);
        return;
    }
    if (options->config != NULL) {
        if (config_load(options->config, &config, error, sizeof(error)) < 0)
            fail_usage(error, "");
        setting = config->control.socket;
    }
    rc = config_control_path(setting, path, size);
    if (rc < 0)
        fail_usage(rc == -ENOENT ? "the configuration has no control socket" : strerror(-rc),
                   options->config == NULL ? "" : options->config);
    if (strcmp(setting, "own") == 0 || (options->config == NULL && !is_alive(path)))
        find_own(path, size);
    config_free(config);
}

/* ---- the conversation ---- */

static int open_connection(const char *path, const struct options *options)
{
    int fd = try_connect(path);

    if (fd == -ENAMETOOLONG)
        fail_usage("the socket's path is too long", path);
    if (fd < 0) {
        fprintf(stderr, "coppicectl: cannot connect to %s: %s%s%s\n", path, strerror(-fd),
                fd == -ENOENT || fd == -ECONNREFUSED ? " (is the server running?)" : "",
                options->socket || options->config
                    ? ""
                    : "; --socket PATH or --config FILE says where another one listens");
        if (strcmp(options->words[0], "help") == 0)
            fprintf(stderr, "`coppice help commands` lists the commands without a server.\n");
        exit(EXIT_NO_SERVER);
    }
    return fd;
}

/* One line of JSON. NULL: no memory. */
static char *compose(const struct options *options)
{
    struct jsondoc *request = jsondoc_object(), *args = jsondoc_array();
    char *text, *line = NULL;

    for (size_t i = 1; i < options->nwords; i++)
        jsondoc_push(args, jsondoc_string(options->words[i]));
    jsondoc_set(request, "id", jsondoc_integer(1));
    jsondoc_set(request, "command", jsondoc_string(options->words[0]));
    jsondoc_set(request, "args", args);
    jsondoc_set(request, "text", jsondoc_bool(!options->is_json));
    text = jsondoc_print(request, false);
    jsondoc_free(request);
    if (text != NULL && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    return line;
}

static void send_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        /* A server that has closed already may have said why. */
        if (n < 0 && errno == EPIPE)
            return;
        if (n < 0) {
            fprintf(stderr, "coppicectl: cannot send: %s\n", strerror(errno));
            exit(EXIT_REFUSED);
        }
        text += n;
        len -= (size_t)n;
    }
}

/* Wait for something to read. */
static void wait_readable(int fd, const struct options *options)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left_ms = (options->deadline_ns - clock_now()) / NS_PER_MS;
        int n = left_ms <= 0 ? 0 : poll(&pollfd, 1, (int)left_ms);

        if (n > 0 || (n < 0 && errno != EINTR))
            return;
        if (n == 0) {
            fprintf(stderr, "coppicectl: no answer in time\n");
            exit(EXIT_TIMED_OUT);
        }
    }
}

static void make_room(struct answer *answer)
{
    size_t size = answer->size == 0 ? 65536 : 2 * answer->size;
    char *text = size > ANSWER_MAX ? NULL : realloc(answer->text, size);

    if (text == NULL) {
        fprintf(stderr, "coppicectl: the answer is too large\n");
        exit(EXIT_REFUSED);
    }
    answer->text = text;
    answer->size = size;
}

/* Read more. Returns false at the end. */
static bool read_more(int fd, const struct options *options, struct answer *answer)
{
    ssize_t n;

    if (answer->len + 1 >= answer->size)
        make_room(answer);
    wait_readable(fd, options);
    n = recv(fd, answer->text + answer->len, answer->size - answer->len - 1, 0);
    if (n <= 0)
        return false;
    answer->len += (size_t)n;
    answer->text[answer->len] = 0;
    return true;
}

static void read_line(int fd, const struct options *options, struct answer *answer)
{
    do {
        if (!read_more(fd, options, answer)) {
            fprintf(stderr, "coppicectl: the server closed the connection%s%s\n",
                    answer->len > 0 ? ": " : "", answer->len > 0 ? answer->text : "");
            exit(EXIT_REFUSED);
        }
    } while (memchr(answer->text, '\n', answer->len) == NULL);
}

static int print_answer(const struct options *options, const struct answer *answer)
{
    char error[256];
    struct jsondoc *reply = jsondoc_parse(answer->text, answer->len, error, sizeof(error));
    const char *text = jsondoc_text(jsondoc_get(reply, "text"));
    int code = 0;

    if (!jsondoc_bool_value(jsondoc_get(reply, "ok"), false)) {
        const char *why = jsondoc_text(jsondoc_get(reply, "error"));

        fprintf(stderr, "coppicectl: %s\n", why != NULL ? why : answer->text);
        code = EXIT_REFUSED;
    } else if (options->is_json) {
        char *data = jsondoc_print(jsondoc_get(reply, "data"), true);

        printf("%s\n", data != NULL ? data : "");
        free(data);
    } else if (text != NULL) {
        fputs(text, stdout);
        if (text[0] == 0)
            fprintf(stderr, "coppicectl: done, and nothing was seen that could be shown\n");
    }
    jsondoc_free(reply);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    struct answer answer = {0};
    char path[PATH_TEXT_MAX], *line;
    int fd, code;

    parse_options(argc, argv, &options);
    if (options.nwords == 0) {
        fputs(usage, stdout);
        return 0;
    }
    find_socket(&options, path, sizeof(path));
    line = compose(&options);
    if (line == NULL) {
        fprintf(stderr, "coppicectl: no memory\n");
        return EXIT_REFUSED;
    }
    fd = open_connection(path, &options);
    send_all(fd, line);
    free(line);
    read_line(fd, &options, &answer);
    code = print_answer(&options, &answer);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "coppicectl: cannot write the answer: %s\n", strerror(errno));
        code = EXIT_REFUSED;
    }
    /* A stop is complete when the server has closed the connection. */
    if (code == 0 && strcmp(options.words[0], "stop") == 0)
        while (read_more(fd, &options, &answer))
            ;
    free(answer.text);
    close(fd);
    return code;
}
