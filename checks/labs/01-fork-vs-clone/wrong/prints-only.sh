#!/bin/sh
# Wrong: prints what a right program could print, and creates no process.
# Broken: there are four children.
set -eu
echo "copy       descriptor open,   directory $PWD"
echo "memory     descriptor open,   directory $PWD"
echo "files      descriptor closed, directory $PWD"
echo "directory  descriptor open,   directory /var"
