/* SPDX-License-Identifier: MIT */
/*
 * context_x86_64.h - the switch for the System V ABI, inline; context_x86_64.S makes new contexts.
 *
 * A processor predicts returns from the calls that it saw. A switch that is called would either
 * return to where another task had called it, which is predicted wrongly, or jump there, which
 * leaves its call behind and has every later return predicted wrongly. So there is no call: a
 * context is a resume address and rbp on top of its stack, and the compiler, told that all other
 * registers are lost, keeps those that it needs. Frames are found by rbp (-fno-omit-frame-pointer):
 * what is pushed here confuses no unwinder.
 */
#ifndef COPPICE_CONTEXT_X86_64_H
#define COPPICE_CONTEXT_X86_64_H

#ifdef __AVX512F__
#define CONTEXT_AVX512_LOST                                                                       \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", \
        "k6", "k7"
#else
#define CONTEXT_AVX512_LOST
#endif

static inline __attribute__((always_inline)) void context_switch(void **save, void *to)
{
    __asm__ volatile("leaq   -128(%%rsp), %%rsp\n\t" /* the red zone is the compiler's */
                     "pushq  %%rbp\n\t"
                     "leaq   1f(%%rip), %%rax\n\t"
                     "pushq  %%rax\n\t"
                     "movq   %%rsp, (%0)\n\t"
                     "movq   %1, %%rsp\n\t"
                     "popq   %%rax\n\t"
                     "notrack jmp *%%rax\n"
                     "1:\n\t"
                     "popq   %%rbp\n\t"
                     "leaq   128(%%rsp), %%rsp"
                     : "+D"(save), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "mm0",
                       "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7", "st", "st(1)", "st(2)",
                       "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc",
                       "memory" CONTEXT_AVX512_LOST);
}

#endif
