/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include "config/option.h"

#include <string.h>

enum { LEFT = 26, WIDTH = 80 };

/* Words from column LEFT on. */
static void wrap(const char *text, FILE *to)
{
    int column = LEFT;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > LEFT && column + 1 + word > WIDTH) {
            fprintf(to, "\n%*s", LEFT, "");
            column = LEFT;
        }
        column += fprintf(to, "%s%.*s", column > LEFT ? " " : "", word, text);
        text += word + (text[word] == ' ');
    }
    fputc('\n', to);
}

static void left_column(const char *left, FILE *to)
{
    int n = fprintf(to, "  %-*s", LEFT - 2, left);
    if (n > LEFT)
        fprintf(to, "\n%*s", LEFT, "");
}

void fr_help_option(const char *left, const struct fr_option *opt, FILE *to)
{
    char valid[256], text[900];
    int n = snprintf(text, sizeof(text), "%s", opt->help);
    if (opt->type != FR_OPT_STRING && opt->type != FR_OPT_BOOL)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " Valid: %s.",
                      fr_option_valid(opt, valid, sizeof(valid)));
    if (!opt->def)
        snprintf(text + n, sizeof(text) - (size_t)n, " Must be given.");
    else if (*opt->def && opt->type != FR_OPT_BOOL)
        snprintf(text + n, sizeof(text) - (size_t)n, " [%s]", opt->def);
    left_column(left, to);
    wrap(text, to);
}

/* A flag of the command's own has taken its name. */
static bool hidden(const struct fr_command *command, const struct fr_setting *s)
{
    for (const struct fr_option *o = command->own; o && o->key; o++)
        if (strcmp(o->key, s->flag) == 0)
            return true;
    return false;
}

static void print_settings(const struct fr_command *command, FILE *to)
{
    const char *section = "";
    for (const struct fr_setting *s = fr_setting_table; s->section; s++) {
        char left[64], letter[8] = "";
        if (!(s->roles & command->roles) || hidden(command, s))
            continue;
        if (strcmp(section, s->section) != 0)
            fprintf(to, "\n[%s]\n", s->section);
        section = s->section;
        if (s->letter)
            snprintf(letter, sizeof(letter), "-%c, ", s->letter);
        snprintf(left, sizeof(left), "%s--%s%s", letter, s->flag,
                 s->opt.type == FR_OPT_BOOL ? "" : " VALUE");
        fr_help_option(left, &s->opt, to);
    }
}

static void print_own(const struct fr_command *command, FILE *to)
{
    if (!command->own)
        return;
    fprintf(to, "\nFlags of %s\n", command->name);
    for (const struct fr_option *o = command->own; o->key; o++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s%s", o->key, o->type == FR_OPT_BOOL ? "" : " VALUE");
        for (char *c = left; *c; c++)
            *c = *c == '_' ? '-' : *c;
        fr_help_option(left, o, to);
    }
}

static void print_general(FILE *to)
{
    fputs("\nFlags of every command\n", to);
    left_column("-c, --config FILE", to);
    wrap("Read this INI; its keys are the flags below, with _ for -, under their [section].", to);
    left_column("--set SECTION.KEY=VALUE", to);
    wrap("Any key, also a plugin's: transport.shm.slots=16.", to);
    left_column("-h, --help", to);
    wrap("This text, or a command's.", to);
    fputs("\nA flag beats the INI, the INI beats the default [in brackets].\n"
          "Exit codes: 0 done, 1 the job failed, 2 wrong usage or configuration.\n",
          to);
}

void fr_help_print(const struct fr_command *command, FILE *to)
{
    if (command) {
        fprintf(to, "usage: fractal [-c FILE] %s [FLAGS]%s%s\n\n%s\n", command->name,
                *command->operands ? " " : "", command->operands, command->summary);
        if (command->details)
            fprintf(to, "%s\n", command->details);
        print_own(command, to);
        print_settings(command, to);
        print_general(to);
        return;
    }
    fputs("fractal renders one Mandelbrot image on many workers, over the network layer you choose."
          "\n\nusage: fractal [-c FILE] COMMAND [FLAGS]\n\nCommands\n",
          to);
    for (const struct fr_command *c = fr_commands; c->name; c++) {
        left_column(c->name, to);
        wrap(c->summary, to);
    }
    print_general(to);
    fputs("`fractal COMMAND --help` lists a command's flags.\n", to);
}
