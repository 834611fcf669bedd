/* SPDX-License-Identifier: MIT
 * palette_table.h - a palette's stops as tables of colours; for colour.c. */
#ifndef FR_RASTER_PALETTE_TABLE_H
#define FR_RASTER_PALETTE_TABLE_H
#include <fractal/palette.h>
#include <stddef.h>
#include <stdint.h>

/* The classic table: colours as 0x00RRGGBB, about step + 1 of them. *count_p tells how many: the
 * accumulated rounding decides. NULL: out of memory. The caller frees. */
uint32_t *fr_palette_classic(const struct fr_stop *stops, size_t n, uint32_t step, size_t *count_p);

/* A component with all of it in the 8 bits, and what it spills into its left neighbour: the classic
 * packing of a colour into a number. */
uint32_t fr_palette_pack(uint32_t rgb);

/* count colours from position 0 to 1, 0xRRGGBB, interpolated in linear light. NULL: out of memory.
 */
uint32_t *fr_palette_linear(const struct fr_stop *stops, size_t n, size_t count);
#endif
