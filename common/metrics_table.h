/* SPDX-License-Identifier: MIT */
/*
 * metrics_table.h - every metric, declared once. No include guard: include it with the macros that
 * you want.
 *
 * COUNTER(name, unit, help)   only grows; summed over loops, the dead ones included
 * GAUGE(name, unit, help)     a state; summed over the living loops
 * HISTOGRAM(name, help)       durations; merged by addition
 *
 * Add a metric here, and count it where the fact happens; the records, the totals, the commands and
 * their schema follow from this table.
 */
#ifndef COUNTER
#define COUNTER(name, unit, help)
#endif
#ifndef GAUGE
#define GAUGE(name, unit, help)
#endif
#ifndef HISTOGRAM
#define HISTOGRAM(name, help)
#endif

/* Connections: worker/stream and worker/model. */
COUNTER(accepts, "connections", "connections accepted")
COUNTER(accept_errors, "errors", "accept(2) failures, a full descriptor table among them")
COUNTER(accept_pauses, "pauses", "times that accepting was paused: connection limit or descriptors")
COUNTER(closes, "connections", "connections closed")
COUNTER(evictions, "connections", "idle connections closed to make room at the soft limit")
COUNTER(idle_timeouts, "connections", "idle connections closed because their time was up")
COUNTER(bytes_in, "bytes", "bytes received on accepted connections")
COUNTER(bytes_out, "bytes", "bytes sent on accepted connections")
COUNTER(file_cache_hits, "files", "files that were asked for and in the cache")
COUNTER(file_cache_misses, "files", "files that had to be opened")
COUNTER(disk_reads, "reads", "pieces of files that a thread read, because they were not in memory")
GAUGE(connections, "connections", "connections open now")
GAUGE(connections_idle, "connections", "open connections that hold no task")
GAUGE(connections_limit, "connections", "connections that may be open at once")

/* Requests: worker/http and the protocols beside it. */
COUNTER(requests, "requests", "requests (or protocol messages) answered")
COUNTER(responses_2xx, "responses", "HTTP answers with status 200 to 299")
COUNTER(responses_3xx, "responses", "HTTP answers with status 300 to 399")
COUNTER(responses_4xx, "responses", "HTTP answers with status 400 to 499")
COUNTER(responses_5xx, "responses", "HTTP answers with status 500 to 599")
COUNTER(request_timeouts, "requests", "requests cut because head, body or answer made no progress")
COUNTER(request_errors, "requests", "requests whose handler or connection failed")
COUNTER(slow_requests, "requests", "requests in flight for longer than slow_request")
COUNTER(access_log_lines, "lines", "lines written to the access log")
COUNTER(access_log_dropped, "lines", "lines of the access log that could not be written")
HISTOGRAM(
    request_duration,
    "from the first byte of a request to the hand-over of its answer's last one to the kernel")

/* The loop and its tasks: worker/task. */
COUNTER(tasks_spawned, "tasks", "green tasks started")
COUNTER(loop_polls, "polls", "times that a loop asked the kernel for events")
COUNTER(slow_tasks, "tasks", "times that one task held its loop beyond the limit")
GAUGE(tasks, "tasks", "green tasks alive now")
HISTOGRAM(loop_lag, "how late a loop's beat timer ran: what a ready task waits for the loop")

/* The process, taken at each report by its first loop. */
COUNTER(cpu_user_us, "microseconds", "processor time in user mode")
COUNTER(cpu_system_us, "microseconds", "processor time in the kernel")
COUNTER(run_delay_us, "microseconds", "time spent runnable, waiting for a processor (schedstat)")
COUNTER(switches_voluntary, "switches", "context switches because the process waited")
COUNTER(switches_involuntary, "switches", "context switches because the processor was taken away")
COUNTER(page_faults, "faults", "page faults, minor and major")
GAUGE(rss_bytes, "bytes", "resident memory")
GAUGE(stack_bytes, "bytes", "memory of task stacks that is mapped")

/* The report itself. */
COUNTER(reports_sent, "records", "records written to the report pipe")
COUNTER(reports_dropped, "records", "records dropped because the pipe was full")

/* The load generator: worker/app/app_load.c. */
COUNTER(load_requests, "requests", "answers that the load generator received in the measured time")
COUNTER(load_unmeasured, "requests", "answers outside the measured time: warm-up and end")
COUNTER(load_measured_us, "microseconds", "measured time so far")
COUNTER(load_connects, "connections", "connections that the load generator opened")
COUNTER(load_bytes_in, "bytes", "bytes of those answers")
COUNTER(load_errors_connect, "errors", "connections that could not be opened")
COUNTER(load_errors_io, "errors", "connections that broke during a request")
COUNTER(load_errors_timeout, "errors", "requests that got no answer in time")
COUNTER(load_errors_status, "errors", "answers with a status of 400 or more")
GAUGE(load_connections, "connections", "connections that the load generator holds open")
HISTOGRAM(load_latency, "from the start of a request (or of its connect) to the end of its answer")

#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
