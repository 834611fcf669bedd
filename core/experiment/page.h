/* SPDX-License-Identifier: MIT
 * page.h - what frames the report: its style. */
#ifndef FR_EXPERIMENT_PAGE_H
#define FR_EXPERIMENT_PAGE_H
extern const char fr_page_style[]; /* CSS for light, dark and paper */
#endif
