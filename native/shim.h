#pragma once
/* What clone.c does for the children of both files. */
int open_parent(unsigned long flags);
void become_child(int parent);
