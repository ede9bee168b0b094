#!/usr/bin/env python3
# Hostile: takes memory until something stops it. The sandbox has 512 MiB; where nothing stops it, it stops at 1 GiB.
import mmap

PIECE = 16 * 1024 * 1024
pieces = []
while len(pieces) * PIECE < 1024**3:
    piece = mmap.mmap(-1, PIECE)
    for page in range(0, PIECE, mmap.PAGESIZE):
        piece[page] = 1
    pieces.append(piece)
    print(f"{len(pieces) * PIECE} bytes", flush=True)
