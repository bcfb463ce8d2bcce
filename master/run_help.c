/* SPDX-License-Identifier: MIT */
#include "master/run_help.h"

#include <string.h>

static const char *argument_of(const struct config_key *key)
{
    static const char *const arguments[] = {
        [CONFIG_BOOL] = "[=false]",   [CONFIG_INTEGER] = " N",         [CONFIG_WORKERS] = " N|auto",
        [CONFIG_MODE] = " MODE",      [CONFIG_CHOICE] = " WORD",       [CONFIG_DURATION] = " TIME",
        [CONFIG_SIZE] = " SIZE",      [CONFIG_STRING] = " TEXT",       [CONFIG_PATH] = " PATH",
        [CONFIG_LISTEN] = " ADDRESS", [CONFIG_OPTIONS] = " KEY=VALUE",
    };

    return arguments[key->type];
}

static void print_option(const struct config_key *key, FILE *stream)
{
    char name[RUN_OPTIONS_NAME_MAX], left[2 * RUN_OPTIONS_NAME_MAX];

    if (!run_options_name(key, name))
        return;
    snprintf(left, sizeof(left), "%s%s", name, argument_of(key));
    if (run_options_may_repeat(key))
        fprintf(stream, "  %-27s %s; may be repeated%s%s%s\n", left,
                key->type == CONFIG_LISTEN ? "where to listen" : "an option of the app",
                key->type == CONFIG_LISTEN ? " (" : "",
                key->type == CONFIG_LISTEN ? run_options_default(key) : "",
                key->type == CONFIG_LISTEN ? ")" : "");
    else
        fprintf(stream, "  %-27s %s (%s)\n", left, key->help, run_options_default(key));
}

/* "root=PATH", and its line of help. */
static void print_app_option(const struct config_key *key, FILE *stream)
{
    char left[RUN_OPTIONS_NAME_MAX];
    const char *argument = argument_of(key);

    snprintf(left, sizeof(left), "%s=%s", key->name,
             key->type == CONFIG_BOOL ? "true|false" : argument + 1);
    fprintf(stream, "           --option %-21s %s (%s)\n", left, key->help,
            key->fallback ? key->fallback : "required");
}

static void print_app(const struct run_app *app, FILE *stream)
{
    fprintf(stream, "  %-8s %s\n", app->name, app->help);
    for (const struct config_key *key = app->options; key && key->name; key++)
        print_app_option(key, stream);
}

static void print_section(const char *title, const char *section, FILE *stream)
{
    fprintf(stream, "\n%s:\n", title);
    for (size_t i = 0; i < config_keys_count; i++)
        if (strcmp(config_keys[i].section, section) == 0)
            print_option(&config_keys[i], stream);
}

void run_help_print(const struct run_app *apps, FILE *stream)
{
    fputs("usage: coppice run APP [option ...]\n"
          "       coppice run [CONFIG]\n"
          "\n"
          "Serves an app, or what a configuration says, until Ctrl-C. APP is ./MODULE.so or one "
          "of:\n\n",
          stream);
    for (; apps->name; apps++)
        print_app(apps, stream);
    print_section("The app's pool", CONFIG_KEYS_POOL, stream);
    print_section("The log", "log", stream);
    print_section("The control socket", "control", stream);
    print_section("Supervision", "supervision", stream);
    print_section("Limits", "limits", stream);
    fputs(
        "\nWhile an app is being written (these go with a CONFIG, too):\n"
        "  --watch[=PATH]              reload when a file changes, or one in a folder; may be "
        "repeated\n"
        "                              (the module; with --build, the folder where it is)\n"
        "  --build COMMAND             run this at the start and before each reload; what serves, "
        "serves\n"
        "                              on when it fails\n"
        "\nOther:\n"
        "  --dump                      print the configuration that this means, and end\n"
        "\nExit: 0 stopped; 1 failed; 2 wrong usage, or it cannot start; 70 workers only crash.\n",
        stream);
}
