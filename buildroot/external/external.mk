# Buildroot wants this file. It would include the packages of this tree, and there are none.
