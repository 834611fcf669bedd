/* SPDX-License-Identifier: MIT */
#include "experiment/report.h"

#include "experiment/save.h"

fr_status fr_report_write(const struct fr_analysis *a, const char *folder, struct fr_error *err)
{
    struct fr_save save = {0};
    json_object_set_new(a->x->doc, "summary", fr_report_summary(a));
    fr_status st = fr_save_json(folder, "results.json", a->x->doc, err);
    if (st == FR_OK)
        st = fr_save_begin(folder, "results.csv", &save, err);
    if (st == FR_OK) {
        fr_report_csv(a, save.to);
        st = fr_save_end(&save, err);
    }
    if (st == FR_OK)
        st = fr_save_begin(folder, "report.html", &save, err);
    if (st == FR_OK) {
        st = fr_report_html(a, save.to, err);
        if (st == FR_OK)
            st = fr_save_end(&save, err);
        else
            fr_save_drop(&save);
    }
    return st;
}
