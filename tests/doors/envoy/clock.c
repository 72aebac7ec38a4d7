// Preloaded into Envoy: the clock fails where a hook of the module asks for the time and a file of the hook's name lies
// in the folder BROKEN_CLOCK, and the file is gone then. Rust's library panics when the clock fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char MODULE[] = "libsignalbox_envoy_module";
static const char HOOK[] = "envoy_dynamic_module_on_http_filter_";

static int is_to_fail(void) {
    const char *folder = getenv("BROKEN_CLOCK");
    void *frames[128];
    int count = folder ? backtrace(frames, 128) : 0;
    for (int at = 0; at < count; at++) {
        Dl_info frame;
        if (!dladdr(frames[at], &frame) || !frame.dli_sname) continue;
        if (strncmp(frame.dli_sname, HOOK, sizeof HOOK - 1)) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, frame.dli_sname + sizeof HOOK - 1);
        return unlink(path) == 0;
    }
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    Dl_info caller;
    if (dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, MODULE) && is_to_fail()) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}
