/* SPDX-License-Identifier: MIT */
/*
 * context_aarch64.S - the switch for AAPCS64: x19-x30, d8-d15 and the stack pointer.
 *
 * The note at the end promises BTI; entry points carry its landing pads. Return addresses are signed against the
 * stack pointer where the processor can (the instructions are no-ops elsewhere).
 */
        .text

        .globl  context_switch
        .hidden context_switch
        .type   context_switch, %function
        .p2align 4
context_switch:
        .cfi_startproc
        hint    #25                     /* paciasp, a landing pad too */
        .cfi_negate_ra_state
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]

        mov     x2, sp
        str     x2, [x0]
        mov     sp, x1

        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        .cfi_adjust_cfa_offset -160
        .cfi_restore x29
        .cfi_restore x30
        hint    #29                     /* autiasp */
        .cfi_negate_ra_state
        ret
        .cfi_endproc
        .size   context_switch, .-context_switch

/* The first frame of every stack: unwinders stop here. The entry function stands in x19. */
        .type   context_start, %function
        .p2align 4
context_start:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     /* bti j */
        mov     x29, xzr
        mov     x30, xzr
        blr     x19
        brk     #1
        .cfi_endproc
        .size   context_start, .-context_start

/* void *context_make(void *bottom, void *top, void (*entry)(void)): the first return address is signed as the
 * switch will check it, against the stack pointer after its pops, which is top. */
        .globl  context_make
        .hidden context_make
        .type   context_make, %function
        .p2align 4
context_make:
        .cfi_startproc
        hint    #34                     /* bti c */
        sub     x3, x1, #160
        stp     x2, xzr, [x3, #0]
        stp     xzr, xzr, [x3, #16]
        stp     xzr, xzr, [x3, #32]
        stp     xzr, xzr, [x3, #48]
        stp     xzr, xzr, [x3, #64]
        adr     x17, context_start
        mov     x16, x1
        hint    #8                      /* pacia1716 */
        stp     xzr, x17, [x3, #80]
        stp     xzr, xzr, [x3, #96]
        stp     xzr, xzr, [x3, #112]
        stp     xzr, xzr, [x3, #128]
        stp     xzr, xzr, [x3, #144]
        mov     x0, x3
        ret
        .cfi_endproc
        .size   context_make, .-context_make

        .section .note.GNU-stack, "", %progbits

        .section .note.gnu.property, "a"
        .p2align 3
        .word   4
        .word   16
        .word   5
        .asciz  "GNU"
        .word   0xc0000000              /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
        .word   4
        .word   1                       /* BTI */
        .word   0
