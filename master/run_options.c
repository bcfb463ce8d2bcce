/* SPDX-License-Identifier: MIT */
#include "master/run_options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/suggest.h"
#include "common/utf8.h"

/* ---- names ---- */

/* The sections whose keys would not say alone what they are about. */
static bool is_prefixed(const struct config_key *key)
{
    return strcmp(key->section, "log") == 0 || strcmp(key->section, "control") == 0;
}

const char *run_options_name(const struct config_key *key, char *text)
{
    const char *name = key->type == CONFIG_OPTIONS ? "option" : key->name;

    if (strcmp(key->section, CONFIG_KEYS_POOL) == 0 && strcmp(key->name, "app") == 0)
        return NULL;
    snprintf(text, RUN_OPTIONS_NAME_MAX, "--%s%s%s", is_prefixed(key) ? key->section : "",
             is_prefixed(key) ? "-" : "", name);
    for (char *at = text; *at; at++)
        if (*at == '_')
            *at = '-';
    return text;
}

bool run_options_may_repeat(const struct config_key *key)
{
    return key->type == CONFIG_LISTEN || key->type == CONFIG_OPTIONS;
}

const char *run_options_default(const struct config_key *key)
{
    if (key->type == CONFIG_LISTEN)
        return "127.0.0.1:8080";
    if (strcmp(key->section, "control") == 0 && strcmp(key->name, "socket") == 0)
        return "own";
    return key->fallback;
}

static const struct config_key *find_key(const char *name, size_t len)
{
    char text[RUN_OPTIONS_NAME_MAX];

    for (size_t i = 0; i < config_keys_count; i++)
        if (run_options_name(&config_keys[i], text) && strlen(text) == len &&
            strncmp(text, name, len) == 0)
            return &config_keys[i];
    return NULL;
}

/* ---- refusals ---- */

static int __attribute__((format(printf, 3, 4)))
refuse(char *error, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, size, format, args);
    va_end(args);
    return -EINVAL;
}

static int refuse_option(const char *word, char *error, size_t size)
{
    char best[RUN_OPTIONS_NAME_MAX], other[RUN_OPTIONS_NAME_MAX];
    char name[RUN_OPTIONS_NAME_MAX], hint[RUN_OPTIONS_NAME_MAX + 32];
    struct suggest suggest;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    suggest_init(&suggest, name);
    for (size_t i = 0; i < config_keys_count; i++) {
        if (!run_options_name(&config_keys[i], other))
            continue;
        suggest_offer(&suggest, other);
        if (suggest.best == other)
            suggest.best = strcpy(best, other);
    }
    suggest_offer(&suggest, "--dump");
    suggest_offer(&suggest, "--watch");
    suggest_offer(&suggest, "--build");
    suggest_offer(&suggest, "--help");
    return refuse(error, size,
                  "unknown option \"%.64s\", expected one that coppice run --help lists%s", name,
                  suggest_print(&suggest, hint, sizeof(hint)));
}

static int refuse_target(const char *word, const struct run_app *apps, char *error, size_t size)
{
    char names[256], hint[64];
    struct suggest suggest;
    size_t len = 0;

    suggest_init(&suggest, word);
    names[0] = '\0';
    for (; apps->name && len < sizeof(names); apps++) {
        suggest_offer(&suggest, apps->name);
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s, ", apps->name);
    }
    return refuse(error, size,
                  "\"%.64s\" is neither an app nor a file, expected %s./MODULE.so or FILE.yaml%s",
                  word, names, suggest_print(&suggest, hint, sizeof(hint)));
}

/* ---- words ---- */

static bool ends_with(const char *word, const char *end)
{
    size_t len = strlen(word), end_len = strlen(end);

    return len > end_len && strcmp(word + len - end_len, end) == 0;
}

static bool is_built_in(const char *word, const struct run_app *apps)
{
    for (; apps->name; apps++)
        if (strcmp(apps->name, word) == 0)
            return true;
    return false;
}

static int set_target(struct run_options *options, const char *word, const struct run_app *apps,
                      char *error, size_t size)
{
    bool is_module = ends_with(word, ".so");
    char **target = is_module || is_built_in(word, apps) ? &options->app : &options->file;

    if (options->app || options->file)
        return refuse(error, size,
                      "\"%.64s\": expected one app or configuration, got \"%.64s\" too%s", word,
                      options->app ? options->app : options->file,
                      options->watch ? " (what to watch is written --watch=PATH)" : "");
    if (target == &options->file && !strchr(word, '/') && !ends_with(word, ".yaml") &&
        access(word, F_OK) < 0)
        return refuse_target(word, apps, error, size);
    /* An app with a "/" is a path, and only that. */
    if (asprintf(target, "%s%s", is_module && !strchr(word, '/') ? "./" : "", word) < 0) {
        *target = NULL;
        return refuse(error, size, "out of memory");
    }
    return 0;
}

/* "KEY=VALUE" of --option. */
static int split(struct run_setting *setting, char *error, size_t size)
{
    char *equals = strchr(setting->value, '=');

    if (!equals || equals == setting->value)
        return refuse(error, size, "%s: \"%.64s\", expected KEY=VALUE with an option of the app",
                      setting->name, setting->value);
    setting->inner = setting->value;
    *equals = '\0';
    setting->value = strdup(equals + 1);
    return setting->value ? 0 : refuse(error, size, "out of memory");
}

/* What a file could not have either. */
static bool is_text(const char *value)
{
    size_t len = strlen(value);

    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_len(value + i, len - i);
        if (n == 0 || (n == 1 && ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)))
            return false;
    }
    return true;
}

static int add_setting(struct run_options *options, const struct config_key *key, const char *name,
                       const char *value, char *error, size_t size)
{
    struct run_setting *settings, *setting;

    for (size_t i = 0; i < options->nsettings; i++)
        if (options->settings[i].key == key && !run_options_may_repeat(key))
            return refuse(error, size, "%s is given twice, expected it once", name);
    if (!is_text(value))
        return refuse(error, size, "%s: expected UTF-8 text without control characters", name);
    settings = reallocarray(options->settings, options->nsettings + 1, sizeof(*settings));
    if (!settings)
        return refuse(error, size, "out of memory");
    options->settings = settings;
    setting = &settings[options->nsettings++];
    *setting = (struct run_setting){.key = key, .name = strdup(name), .value = strdup(value)};
    if (!setting->name || !setting->value)
        return refuse(error, size, "out of memory");
    return key->type == CONFIG_OPTIONS ? split(setting, error, size) : 0;
}

static int add_watched(struct run_options *options, char *path, char *error, size_t size)
{
    char **watched;

    if (access(path, F_OK) < 0)
        return refuse(error, size, "--watch: \"%.200s\": %s, expected a file or a folder", path,
                      strerror(errno));
    watched = reallocarray(options->watched, options->nwatched + 1, sizeof(*watched));
    if (!watched)
        return refuse(error, size, "out of memory");
    options->watched = watched;
    watched[options->nwatched++] = path;
    return 0;
}

static int set_build(struct run_options *options, const char *command, char *error, size_t size)
{
    if (options->build)
        return refuse(error, size, "--build is given twice, expected it once");
    if (!command || !command[0])
        return refuse(error, size, "--build has no value, expected a command for the shell");
    options->build = command;
    options->watch = true;
    return 0;
}

/* An option that is no key. Returns as take_option. */
static int take_other(struct run_options *options, int argc, char **argv, char *error, size_t size)
{
    static const char watch[] = "--watch=", build[] = "--build=";
    int rc;

    if (strcmp(argv[0], "--dump") == 0) {
        options->dump = true;
        return 1;
    }
    if (strcmp(argv[0], "--watch") == 0) {
        options->watch = true;
        return 1;
    }
    if (strncmp(argv[0], watch, strlen(watch)) == 0) {
        options->watch = true;
        rc = add_watched(options, argv[0] + strlen(watch), error, size);
        return rc < 0 ? rc : 1;
    }
    if (strcmp(argv[0], "--build") == 0) {
        rc = set_build(options, argc > 1 ? argv[1] : NULL, error, size);
        return rc < 0 ? rc : 2;
    }
    if (strncmp(argv[0], build, strlen(build)) == 0) {
        rc = set_build(options, argv[0] + strlen(build), error, size);
        return rc < 0 ? rc : 1;
    }
    return refuse_option(argv[0], error, size);
}

/* "--name=value", "--name value", or "--name" for what is true or false. Returns how many words
 * were used. */
static int take_option(struct run_options *options, int argc, char **argv, char *error, size_t size)
{
    size_t len = strcspn(argv[0], "=");
    const struct config_key *key = find_key(argv[0], len);
    char name[RUN_OPTIONS_NAME_MAX], expected[CONFIG_KEYS_TEXT_MAX];
    int used = 1;

    if (!key)
        return take_other(options, argc, argv, error, size);
    (void)run_options_name(key, name);
    if (argv[0][len] == '=') {
        used = add_setting(options, key, name, argv[0] + len + 1, error, size);
        return used < 0 ? used : 1;
    }
    if (key->type == CONFIG_BOOL) {
        used = add_setting(options, key, name, "true", error, size);
        return used < 0 ? used : 1;
    }
    if (argc < 2)
        return refuse(error, size, "%s has no value, expected %s", name,
                      config_keys_print_expected(key, expected));
    used = add_setting(options, key, name, argv[1], error, size);
    return used < 0 ? used : 2;
}

/* The keys that an app on the command line has another default for. */
static int add_defaults(struct run_options *options, char *error, size_t size)
{
    int rc = 0;

    for (size_t i = 0; i < config_keys_count && rc == 0; i++) {
        const struct config_key *key = &config_keys[i];
        const char *value = run_options_default(key);
        char name[RUN_OPTIONS_NAME_MAX];
        bool is_given = !value || value == key->fallback;

        for (size_t j = 0; j < options->nsettings; j++)
            is_given = is_given || options->settings[j].key == key;
        if (!is_given)
            rc = add_setting(options, key, run_options_name(key, name), value, error, size);
    }
    return rc;
}

int run_options_parse(int argc, char **argv, const struct run_app *apps,
                      struct run_options *options, char *error, size_t size)
{
    int rc;

    *options = (struct run_options){0};
    for (int i = 0; i < argc; i += rc) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            options->help = true;
            return 0;
        }
        if (argv[i][0] == '-')
            rc = take_option(options, argc - i, argv + i, error, size);
        else
            rc = set_target(options, argv[i], apps, error, size) < 0 ? -EINVAL : 1;
        if (rc < 0)
            return rc;
    }
    /* What is built first may not be there yet. */
    if (options->app && strchr(options->app, '/') && !options->build &&
        access(options->app, R_OK) < 0)
        return refuse(error, size, "\"%.200s\": %s, expected a module", options->app,
                      strerror(errno));
    if (options->app)
        return add_defaults(options, error, size);
    if (options->nsettings > 0)
        return refuse(error, size, "%s: expected with an app only, as in: coppice run hello %s %s",
                      options->settings[0].name, options->settings[0].name,
                      options->settings[0].value);
    return 0;
}

void run_options_fini(struct run_options *options)
{
    for (size_t i = 0; i < options->nsettings; i++) {
        free(options->settings[i].name);
        free(options->settings[i].value);
        free(options->settings[i].inner);
    }
    free(options->settings);
    free(options->watched);
    free(options->file);
    free(options->app);
}
