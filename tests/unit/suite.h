/* SPDX-License-Identifier: MIT */
/*
 * suite.h - the main of a Check program.
 */
#ifndef COPPICE_SUITE_H
#define COPPICE_SUITE_H

#include <check.h>

/* A test that hangs ends with an error after so many seconds; one that is held up by a busy machine
 * does not. */
#define TEST_TIMEOUT 60

/* Run the tests that add() puts into a case, each in a process of its own. Returns what main
 * returns. */
static inline int run_suite(const char *name, void (*add)(TCase *tc))
{
    TCase *tc = tcase_create(name);
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, TEST_TIMEOUT);
    add(tc);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}

#endif
