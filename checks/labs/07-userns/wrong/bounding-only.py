#!/usr/bin/env python3
# Wrong: only the bounding set loses it, and no program is run after that.
# Broken: root inside gives a capability up; after execve it is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.have_less = lambda: lab.call('prctl', lab.PR_CAPBSET_DROP, lab.CAP_SYS_ADMIN, 0, 0, 0)
lab.after_execve = lambda: None
lab.main()
