/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>

#include "common/check.h"
#include "common/config.h"
#include "common/config_keys.h"
#include "common/cpu_quota.h"

/* A kernel may know more CPUs than cpu_set_t has bits; it then asks for a larger set with EINVAL.
 */
#define CPUS_MAX (1 << 16)

static unsigned allowed_cpus(void)
{
    for (int ncpus = CPU_SETSIZE; ncpus <= CPUS_MAX; ncpus *= 2) {
        size_t size = CPU_ALLOC_SIZE(ncpus);
        cpu_set_t *set = CPU_ALLOC(ncpus);
        int count = 0, error = 0;

        if (!set)
            return 1;
        if (sched_getaffinity(0, size, set) == 0)
            count = CPU_COUNT_S(size, set);
        else
            error = errno;
        CPU_FREE(set);
        if (error != EINVAL)
            return count > 0 ? (unsigned)count : 1;
    }
    return 1;
}

unsigned config_auto_workers(void)
{
    const struct config_key *key = config_keys_find(CONFIG_KEYS_POOL, "workers");
    unsigned cpus = allowed_cpus();
    unsigned quota = cpu_quota_read("");

    CHECK(key);
    if (quota > 0 && quota < cpus)
        cpus = quota;
    return cpus < key->max ? cpus : (unsigned)key->max;
}
