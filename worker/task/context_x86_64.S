/* SPDX-License-Identifier: MIT */
/*
 * context_x86_64.S - new contexts for the System V ABI; the switch is in context_x86_64.h.
 *
 * Nothing here is safe for shadow stacks (a switch leaves no token), so the note below promises
 * IBT alone and the linker keeps SHSTK off for the whole program.
 */
        .text

/* The first frame of every stack: unwinders stop here. The entry function and its return address lie on the
 * stack; it is jumped to, as context_x86_64.h says why. */
        .type   context_start, @function
        .p2align 4
context_start:
        .cfi_startproc
        .cfi_undefined rip
        xorl    %ebp, %ebp
        popq    %rax
        notrack jmp *%rax
context_end:
        ud2
        .cfi_endproc
        .size   context_start, .-context_start

/* void *context_make(void *bottom, void *top, void (*entry)(void)) */
        .globl  context_make
        .hidden context_make
        .type   context_make, @function
        .p2align 4
context_make:
        .cfi_startproc
        endbr64
        leaq    context_start(%rip), %rcx
        leaq    context_end(%rip), %r8
        leaq    -24(%rsi), %rax
        movq    %rcx, 0(%rax)           /* where the first switch goes */
        movq    %rdx, 8(%rax)           /* the entry function */
        movq    %r8, 16(%rax)           /* its return address, aligned as after a call */
        ret
        .cfi_endproc
        .size   context_make, .-context_make

        .section .note.GNU-stack, "", @progbits

        .section .note.gnu.property, "a"
        .p2align 3
        .long   4                       /* name size */
        .long   16                      /* descriptor size */
        .long   5                       /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000002              /* GNU_PROPERTY_X86_FEATURE_1_AND */
        .long   4
        .long   1                       /* IBT */
        .long   0
