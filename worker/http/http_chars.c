/* SPDX-License-Identifier: MIT */
#include "worker/http/http_chars.h"

#define TOKEN  HTTP_CHAR_TOKEN
#define HOST   HTTP_CHAR_HOST
#define TARGET HTTP_CHAR_TARGET
#define VALUE  HTTP_CHAR_VALUE
#define HEX    HTTP_CHAR_HEX
#define TEXT   (TARGET | VALUE)
#define WORD   (TOKEN | HOST | TEXT)

const uint8_t http_chars[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['"'] = TEXT,
    ['#'] = TOKEN | VALUE,
    ['('] = HOST | TEXT,
    [')'] = HOST | TEXT,
    ['/'] = TEXT,
    [':'] = TEXT,
    [','] = HOST | TEXT,
    [';'] = HOST | TEXT,
    ['='] = HOST | TEXT,
    ['<'] = TEXT,
    ['>'] = TEXT,
    ['?'] = TEXT,
    ['@'] = TEXT,
    ['['] = TEXT,
    ['\\'] = TEXT,
    [']'] = TEXT,
    ['{'] = TEXT,
    ['}'] = TEXT,
    ['%'] = TOKEN | TEXT,
    ['^'] = TOKEN | TEXT,
    ['`'] = TOKEN | TEXT,
    ['|'] = TOKEN | TEXT,
    ['!'] = WORD,
    ['$'] = WORD,
    ['&'] = WORD,
    ['\''] = WORD,
    ['*'] = WORD,
    ['+'] = WORD,
    ['-'] = WORD,
    ['.'] = WORD,
    ['_'] = WORD,
    ['~'] = WORD,
    ['0' ... '9'] = WORD | HEX,
    ['A' ... 'F'] = WORD | HEX,
    ['G' ... 'Z'] = WORD,
    ['a' ... 'f'] = WORD | HEX,
    ['g' ... 'z'] = WORD,
    [0x80 ... 0xff] = TEXT,
};
