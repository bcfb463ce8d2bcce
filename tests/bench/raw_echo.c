/* SPDX-License-Identifier: MIT */
/*
 * raw_echo.c - every byte back, one recv and one send at a time.
 */
#include "tests/bench/raw_loop.h"

int main(int argc, char **argv)
{
    return raw_run(argc, argv, raw_send);
}
