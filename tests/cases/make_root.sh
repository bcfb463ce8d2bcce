#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the document root that http_cases.py expects. usage: make_root.sh DIR
# Everything the cases ask for by default is below; the secret file lies OUTSIDE the root.
set -e
D=${1:?dir}
rm -rf "$D"; mkdir -p "$D/sub/deep" "$D/empty"
printf '<!doctype html><title>t</title><p>index page of the test document root</p>\n' > "$D/index.html"
# 100 bytes, byte i is printable and known: the range tests check offsets
python3 - "$D" <<'PY'
import sys,os
d=sys.argv[1]
open(d+'/hello.txt','wb').write(bytes(33+(i%90) for i in range(100)))
open(d+'/big.bin','wb').write(bytes((i*7+i//251)&255 for i in range(1<<20)))
open(d+'/huge.bin','wb').truncate(64<<20)
open(d+'/zero.txt','wb').close()
PY
printf 'deep file\n' > "$D/sub/deep/f.txt"
printf 'sub index\n' > "$D/sub/index.html"
printf 'space\n' > "$D/a b.txt"
printf 'plus\n' > "$D/a+b.txt"
printf 'hidden\n' > "$D/.hidden"
printf 'unreadable\n' > "$D/noperm.txt"; chmod 000 "$D/noperm.txt"
[ -p "$D/fifo" ] || mkfifo "$D/fifo"
ln -s ../www-outside-secret.txt "$D/symlink-out"
ln -s loop "$D/loop"
printf 'OUTSIDE-DOCROOT-SECRET\n' > "$D/../www-outside-secret.txt"
touch -d '2024-03-05 06:07:08 UTC' "$D/hello.txt" "$D/index.html" "$D/big.bin"
chmod 755 "$D" "$D/sub" "$D/sub/deep" "$D/empty"
