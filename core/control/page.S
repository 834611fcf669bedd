/* SPDX-License-Identifier: MIT
 * The page, as it is, in the program. */
    .section .rodata
    .global fr_page, fr_page_end
fr_page:
    .incbin FR_PAGE
fr_page_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
