/* SPDX-License-Identifier: MIT */
#include "worker/app/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/config_file.h"
#include "worker/app/app_options.h"

bool module_is_path(const char *name)
{
    return strchr(name, '/') != NULL;
}

static int check(const struct cop_app *app, const char *file, char *error, size_t size)
{
    size_t len;

    if (app->abi == 0) {
        snprintf(error, size, "%s: cop_app has no .abi, expected COP_ABI", file);
        return -EPROTO;
    }
    if (app->abi != COP_ABI) {
        snprintf(error, size, "%s: built for ABI %u, this is %u: build it again", file, app->abi,
                 COP_ABI);
        return -EPROTO;
    }
    if (!app->name || (!app->routes && !app->handler && !app->serve && !app->run)) {
        snprintf(error, size, "%s: cop_app needs a name, and routes, a handler, serve or run",
                 file);
        return -ENOEXEC;
    }
    len = (size_t)snprintf(error, size, "%s: ", file);
    return len < size ? app_options_check(app->options, app->state_size, error + len, size - len)
                      : -ENAMETOOLONG;
}

int module_load(const char *path, const char *config_path, const struct cop_app **app, char *error,
                size_t size)
{
    const struct cop_app *found;
    char file[PATH_MAX];
    void *module;
    int rc = config_file_beside(config_path, path, file, sizeof(file));

    if (rc == 0 && access(file, R_OK) < 0)
        rc = -errno;
    if (rc < 0) {
        snprintf(error, size, "app %s: %s, expected a module (.so) there",
                 rc == -ENAMETOOLONG ? path : file, strerrordesc_np(-rc));
        return rc;
    }
    module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        snprintf(error, size, "app cannot be loaded: %s", dlerror());
        return -ENOEXEC;
    }
    found = dlsym(module, "cop_app");
    if (!found)
        snprintf(error, size, "%s: has no symbol cop_app, expected the app's descriptor", file);
    rc = found ? check(found, file, error, size) : -ENOEXEC;
    if (rc < 0)
        (void)dlclose(module);
    else
        *app = found;
    return rc;
}
