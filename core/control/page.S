/* SPDX-License-Identifier: MIT
 * The page's files, as they are, in the program. */
#define FILE(begin, end, path)                                                                     \
    .global begin, end;                                                                            \
    begin: .incbin path;                                                                           \
    end: .byte 0;

    .section .rodata
FILE(fr_page_html, fr_page_html_end, FR_PAGE_HTML)
FILE(fr_page_css, fr_page_css_end, FR_PAGE_CSS)
FILE(fr_page_js, fr_page_js_end, FR_PAGE_JS)
    .section .note.GNU-stack, "", %progbits
