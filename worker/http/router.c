/* SPDX-License-Identifier: MIT */
/*
 * A tree with a node for each segment of a pattern. A search goes down static children first, then
 * the parameter, then the rest, and comes back where that did not end well; it is as deep as the
 * patterns are, however long the path.
 */
#include "worker/http/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/http/percent.h"

struct node {
    struct node *next;  /* of its siblings */
    struct node *fixed; /* children: static text */
    struct node *param; /* {name} */
    struct node *rest;  /* {name...} */
    const char *text;   /* the segment, in the pattern */
    size_t len;
    unsigned methods; /* of the routes that end here */
    const struct cop_route *routes[COP_METHOD_CONNECT + 1];
};

struct router {
    struct node root;
};

struct search {
    struct cop_request *request;
    unsigned method;
    unsigned allowed;
    const struct cop_route *found;
    int error;
};

/* ---- compiling ---- */

static bool is_param(const char *text, size_t len)
{
    return len >= 3 && text[0] == '{' && text[len - 1] == '}';
}

static bool is_rest(const char *text, size_t len)
{
    return len >= 6 && is_param(text, len) && memcmp(text + len - 4, "...", 3) == 0;
}

static struct node *find_fixed(struct node *node, const char *text, size_t len)
{
    for (struct node *child = node->fixed; child; child = child->next)
        if (child->len == len && memcmp(child->text, text, len) == 0)
            return child;
    return NULL;
}

/* The child of this segment, new if need be. NULL: no memory. */
static struct node *add_child(struct node *node, const char *text, size_t len)
{
    struct node **place = is_rest(text, len)    ? &node->rest
                          : is_param(text, len) ? &node->param
                                                : NULL;
    struct node *child = place ? *place : find_fixed(node, text, len);

    if (child)
        return child;
    child = calloc(1, sizeof(*child));
    if (!child)
        return NULL;
    child->text = text;
    child->len = len;
    if (place) {
        *place = child;
    } else {
        child->next = node->fixed;
        node->fixed = child;
    }
    return child;
}

static int refuse(const struct cop_route *route, const char *why, char *error, size_t size)
{
    snprintf(error, size, "the route \"%s\" %s", route->pattern, why);
    return -EINVAL;
}

/* Has the segment a form of its own, and the name that the search will give it? */
static const char *judge_segment(const char *text, size_t len, const struct node *child)
{
    if (!is_param(text, len))
        return memchr(text, '{', len) || memchr(text, '}', len)
                   ? "has braces inside a segment, expected {name} between slashes"
                   : NULL;
    if (is_rest(text, len) && text[len])
        return "goes on after {name...}, expected that at the end";
    if (child->len != len || memcmp(child->text, text, len) != 0)
        return "gives a parameter another name than a route before it";
    return NULL;
}

static int add_route(struct router *router, const struct cop_route *route, char *error, size_t size)
{
    struct node *node = &router->root;
    const char *at = route->pattern;
    unsigned nparams = 0;

    if (*at != '/')
        return refuse(route, "does not begin with a slash", error, size);
    while (*at == '/') {
        size_t len = strcspn(++at, "/");
        const char *wrong;

        node = add_child(node, at, len);
        if (!node)
            return -ENOMEM;
        wrong = judge_segment(at, len, node);
        if (wrong)
            return refuse(route, wrong, error, size);
        nparams += is_param(at, len);
        at += len;
    }
    if (nparams > COP_PARAMS_MAX)
        return refuse(route, "has too many parameters", error, size);
    if (node->methods & route->methods)
        return refuse(route, "is there twice for a method", error, size);
    node->methods |= route->methods;
    for (unsigned method = 0; method <= COP_METHOD_CONNECT; method++)
        if (route->methods >> method & 1)
            node->routes[method] = route;
    return 0;
}

static void free_children(struct node *node)
{
    struct node *special[] = {node->param, node->rest};

    while (node->fixed) {
        struct node *child = node->fixed;

        node->fixed = child->next;
        free_children(child);
        free(child);
    }
    for (size_t i = 0; i < 2; i++) {
        if (special[i])
            free_children(special[i]);
        free(special[i]);
    }
}

void router_free(struct router *router)
{
    if (router)
        free_children(&router->root);
    free(router);
}

int router_new(const struct cop_route *routes, struct router **router, char *error, size_t size)
{
    struct router *made = calloc(1, sizeof(*made));
    int rc = made ? 0 : -ENOMEM;

    for (; rc == 0 && routes->pattern; routes++)
        rc = add_route(made, routes, error, size);
    if (rc < 0) {
        router_free(made);
        return rc;
    }
    *router = made;
    return 0;
}

/* ---- searching ---- */

/* A route that ends at this node? */
static bool ends_at(struct search *search, const struct node *node)
{
    const struct cop_route *route = node->routes[search->method];

    if (!route && search->method == COP_METHOD_HEAD)
        route = node->routes[COP_METHOD_GET];
    search->allowed |= node->methods;
    search->found = route;
    return route != NULL;
}

/* Decode a piece of the path; without a '%' it stays where it is. Returns false on an error. */
static bool decode(struct search *search, struct cop_slice *slice)
{
    search->error = percent_decode_slice(search->request, slice, false);
    return search->error == 0;
}

static bool add_param(struct search *search, const struct node *node, size_t decoration,
                      struct cop_slice value)
{
    struct cop_request *request = search->request;

    if (!decode(search, &value))
        return false;
    request->params[request->nparams++] = (struct cop_param){
        .name = node->text + 1, .name_len = node->len - decoration, .value = value};
    return true;
}

static bool descend(struct search *search, const struct node *node, struct cop_slice path);

/* The segment has been matched by `node`; what follows it begins with '/', or nothing does. */
static bool go_on(struct search *search, const struct node *node, struct cop_slice rest)
{
    return rest.len ? descend(search, node, rest) : ends_at(search, node);
}

static bool descend_fixed(struct search *search, const struct node *node, struct cop_slice segment,
                          struct cop_slice rest)
{
    if (!node->fixed || !decode(search, &segment))
        return false;
    for (const struct node *child = node->fixed; child; child = child->next)
        if (child->len == segment.len && memcmp(child->text, segment.data, segment.len) == 0)
            return go_on(search, child, rest);
    return false;
}

/* Match path, which begins with '/', against the children of the node. */
static bool descend(struct search *search, const struct node *node, struct cop_slice path)
{
    size_t nparams = search->request->nparams;
    const char *slash = memchr(path.data + 1, '/', path.len - 1);
    size_t len = slash ? (size_t)(slash - path.data) : path.len;
    struct cop_slice segment = {path.data + 1, len - 1}, rest = {path.data + len, path.len - len};

    if (descend_fixed(search, node, segment, rest))
        return true;
    if (node->param && segment.len && !search->error) {
        if (add_param(search, node->param, 2, segment) && go_on(search, node->param, rest))
            return true;
        search->request->nparams = nparams;
    }
    if (node->rest && !search->error) {
        struct cop_slice all = {path.data + 1, path.len - 1};

        if (add_param(search, node->rest, 5, all) && ends_at(search, node->rest))
            return true;
        search->request->nparams = nparams;
    }
    return false;
}

int router_find(const struct router *router, struct cop_request *request, cop_handler *handler,
                unsigned *allowed)
{
    struct search search = {.request = request, .method = request->method};

    request->nparams = 0;
    if (descend(&search, &router->root, request->path)) {
        *handler = search.found->handler;
        request->route = search.found->pattern;
        return 0;
    }
    if (search.error)
        return search.error;
    *allowed = search.allowed;
    return search.allowed ? -405 : -404;
}

void router_print_allowed(unsigned allowed, char text[ROUTER_ALLOW_MAX])
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
    size_t len = 0;

    if (allowed >> COP_METHOD_GET & 1)
        allowed |= 1u << COP_METHOD_HEAD;
    for (unsigned method = 0; method <= COP_METHOD_PATCH; method++)
        if (allowed >> method & 1)
            len += (size_t)sprintf(text + len, "%s, ", names[method]);
    sprintf(text + len, "OPTIONS");
}
