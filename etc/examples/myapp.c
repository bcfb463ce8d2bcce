/* SPDX-License-Identifier: MIT */
/* cc -shared -fPIC -o myapp.so myapp.c $(pkg-config --cflags --libs coppice)
 * coppice run ./myapp.so */
#include <coppice.h>

static int greet(struct cop_request *request, struct cop_response *response)
{
    struct cop_slice name = cop_request_param(request, "name");

    return cop_response_print(response, "Hello, %.*s!\n", (int)name.len, name.data);
}

static const struct cop_route routes[] = {COP_GET("/hello/{name}", greet), COP_ROUTES_END};

const struct cop_app cop_app = {.abi = COP_ABI, .name = "myapp", .routes = routes};
