/* SPDX-License-Identifier: MIT */
/*
 * .symtab has every function; where it was stripped, .dynsym has the exported ones. A lookup reads
 * the table from end to end: dumps are rare, and an index would need memory.
 */
#include "worker/task/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/task/sanitize.h"

#define MODULES_MAX 64
#define NAME_SIZE   64

struct table {
    const Elf64_Sym *symbols;
    size_t nsymbols;
    const char *names;
    size_t names_size;
};

struct module {
    uintptr_t base; /* what the file's addresses are relative to */
    uintptr_t low;  /* its code */
    uintptr_t high;
    bool is_own;
    uint64_t runtime_low; /* code of a sanitizer that is linked in, as the file's addresses */
    uint64_t runtime_high;
    char name[NAME_SIZE];
    struct table all;      /* .symtab; empty where the file has none */
    struct table exported; /* .dynsym, likewise */
};

/* Entries are filled in before the count says so, and never change. */
static struct module modules[MODULES_MAX];
static _Atomic size_t nmodules;

static bool is_known(uintptr_t low, uintptr_t high)
{
    size_t n = atomic_load_explicit(&nmodules, memory_order_relaxed);

    for (size_t i = 0; i < n; i++)
        if (modules[i].low == low && modules[i].high == high)
            return true;
    return false;
}

/* Shared libraries in the system's folders are built without frame pointers, as a rule. A path may
 * be relative, as an app's is, but what has no '/' is no file (the vdso). */
static bool is_own_file(const char *path, const char *name)
{
    if (strncmp(path, "/lib", 4) != 0 && strncmp(path, "/usr/lib", 8) != 0)
        return strchr(path, '/') != NULL;
    return strncmp(name, "lib", 3) != 0 && strncmp(name, "ld-", 3) != 0;
}

/* The whole file; NULL when it is none that can be read. */
static const char *map_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *file = MAP_FAILED;
    struct stat st;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(Elf64_Ehdr)) {
        *size = (size_t)st.st_size;
        file = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    return file == MAP_FAILED ? NULL : file;
}

/* Does [offset, offset + len) lie inside the file? */
static bool has(size_t size, uint64_t offset, uint64_t len)
{
    return offset <= size && len <= size - offset;
}

static const Elf64_Shdr *find_sections(const char *file, size_t size)
{
    const Elf64_Ehdr *elf = (const void *)file;

    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_ident[EI_CLASS] != ELFCLASS64 ||
        elf->e_shentsize != sizeof(Elf64_Shdr) || elf->e_shoff % 8 != 0 ||
        !has(size, elf->e_shoff, (uint64_t)elf->e_shnum * sizeof(Elf64_Shdr)))
        return NULL;
    return (const void *)(file + elf->e_shoff);
}

/* The symbol table of that type, empty when the file has none or is damaged. */
static struct table find_table(const char *file, size_t size, uint32_t type)
{
    const Elf64_Ehdr *elf = (const void *)file;
    const Elf64_Shdr *sections = find_sections(file, size);

    for (size_t i = 0; sections && i < elf->e_shnum; i++) {
        const Elf64_Shdr *section = &sections[i];
        const Elf64_Shdr *names;

        if (section->sh_type != type || section->sh_link >= elf->e_shnum)
            continue;
        names = &sections[section->sh_link];
        if (!has(size, section->sh_offset, section->sh_size) || section->sh_offset % 8 != 0 ||
            !has(size, names->sh_offset, names->sh_size) || names->sh_size == 0 ||
            file[names->sh_offset + names->sh_size - 1] != 0)
            continue;
        return (struct table){.symbols = (const void *)(file + section->sh_offset),
                              .nsymbols = section->sh_size / sizeof(Elf64_Sym),
                              .names = file + names->sh_offset,
                              .names_size = names->sh_size};
    }
    return (struct table){.nsymbols = 0};
}

static bool is_of_sanitizer(const char *name)
{
    static const char *const prefixes[] = {"__asan_",      "__tsan_", "__ubsan_",
                                           "__sanitizer_", "__lsan_", "__interceptor_"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* clang links it into the program, in one piece. */
static void find_runtime(struct module *module)
{
    const struct table *table = &module->all;

    for (size_t i = 0; i < table->nsymbols; i++) {
        const Elf64_Sym *symbol = &table->symbols[i];

        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
            symbol->st_name >= table->names_size ||
            !is_of_sanitizer(table->names + symbol->st_name))
            continue;
        if (module->runtime_high == 0 || symbol->st_value < module->runtime_low)
            module->runtime_low = symbol->st_value;
        if (symbol->st_value + symbol->st_size > module->runtime_high)
            module->runtime_high = symbol->st_value + symbol->st_size;
    }
}

static void learn_module(struct module *module, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t size = 0;
    const char *file = map_file(path, &size);

    strncpy(module->name, name, sizeof(module->name) - 1);
    module->is_own = is_own_file(path, name);
    if (!file)
        return;
    module->all = find_table(file, size, SHT_SYMTAB);
    module->exported = find_table(file, size, SHT_DYNSYM);
    if (!module->all.nsymbols && !module->exported.nsymbols)
        munmap((void *)(uintptr_t)file, size);
    if (SANITIZED)
        find_runtime(module);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    size_t n = atomic_load_explicit(&nmodules, memory_order_relaxed);
    struct module *module = &modules[n];
    uintptr_t low = UINTPTR_MAX, high = 0;

    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;

        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        low = start < low ? start : low;
        high = start + header->p_memsz > high ? start + header->p_memsz : high;
    }
    if (high == 0 || n == MODULES_MAX || is_known(low, high))
        return 0;
    module->base = info->dlpi_addr;
    module->low = low;
    module->high = high;
    learn_module(module, info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe");
    atomic_store_explicit(&nmodules, n + 1, memory_order_release);
    return 0;
}

void symbols_load(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&mutex);
    (void)dl_iterate_phdr(add_module, NULL);
    pthread_mutex_unlock(&mutex);
}

static const struct module *find_module(uintptr_t address)
{
    size_t n = atomic_load_explicit(&nmodules, memory_order_acquire);

    for (size_t i = 0; i < n; i++)
        if (address >= modules[i].low && address < modules[i].high)
            return &modules[i];
    return NULL;
}

/* The function that holds `value`, or NULL. */
static const Elf64_Sym *find_function(const struct table *table, uint64_t value)
{
    for (size_t i = 0; i < table->nsymbols; i++) {
        const Elf64_Sym *symbol = &table->symbols[i];

        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
            value >= symbol->st_value && value - symbol->st_value < symbol->st_size &&
            symbol->st_name < table->names_size)
            return symbol;
    }
    return NULL;
}

struct symbol symbols_find(uintptr_t address)
{
    const struct module *module = find_module(address);
    struct symbol found = {.offset = address};
    const struct table *table;
    const Elf64_Sym *function;

    if (!module)
        return found;
    found.module = module->name;
    found.offset = address - module->base;
    table = &module->all;
    function = find_function(table, found.offset);
    if (!function) {
        table = &module->exported;
        function = find_function(table, found.offset);
    }
    if (function) {
        found.name = table->names + function->st_name;
        found.offset -= function->st_value;
    }
    return found;
}

bool symbols_is_code(uintptr_t address)
{
    return find_module(address) != NULL;
}

bool symbols_is_own(uintptr_t address)
{
    const struct module *module = find_module(address);

    return module && module->is_own &&
           (address - module->base < module->runtime_low ||
            address - module->base >= module->runtime_high);
}

void symbols_print(struct printer *printer, uintptr_t address)
{
    struct symbol symbol = symbols_find(address);

    if (symbol.name) {
        print_text(printer, symbol.name);
        return;
    }
    if (symbol.module) {
        print_text(printer, symbol.module);
        print_text(printer, "+");
    }
    print_hex(printer, symbol.offset);
}
